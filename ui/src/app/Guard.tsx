import { Component, type ReactNode } from 'react';
import { LocalizationProvider, languageFor, useText } from '../i18n/text';

interface GuardState {
  failed: boolean;
}

/** Catches what no screen caught. The program behind keeps everything, so starting the screen again loses nothing. */
export class Guard extends Component<{ children: ReactNode }, GuardState> {
  override state: GuardState = { failed: false };

  static getDerivedStateFromError(): GuardState {
    return { failed: true };
  }

  override render() {
    if (!this.state.failed) return this.props.children;
    return (
      <LocalizationProvider language={languageFor(navigator.languages)}>
        <Failed />
      </LocalizationProvider>
    );
  }
}

function Failed() {
  const t = useText();
  return (
    <main className="guard" role="alert">
      <p>{t('guard-text')}</p>
      <button type="button" onClick={() => location.reload()}>
        {t('guard-reload')}
      </button>
    </main>
  );
}
