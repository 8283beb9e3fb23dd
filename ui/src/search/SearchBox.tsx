import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { CornerDownLeft, Search } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import { errorText } from '../app/errors';
import { useHost } from '../app/host';
import { useReadyState } from '../app/queries';
import { ui } from '../app/uiState';
import type { SearchIn, SearchResult } from '../bindings/protocol';
import { useCommand, useRunCommand } from '../commands/Commands';
import { Avatar } from '../design/Avatar';
import { Keys } from '../design/Keys';
import { useCombobox } from '../design/useCombobox';
import { useNow } from '../i18n/now';
import { useLocalization, useText } from '../i18n/text';
import { listTime } from '../i18n/time';
import { highlight } from './highlight';
import styles from './SearchBox.module.css';

const LIMIT = 30;
/** Pauses shorter than this are typing. */
const PAUSE_MS = 70;

/** Search as one types: first in the cache, on demand on the server. */
export function SearchBox() {
  const t = useText();
  const run = useRunCommand();
  const field = useRef<HTMLInputElement>(null);
  const [open, setOpen] = useState(false);
  const [text, setText] = useState('');
  const query = useSettled(text.trim());
  const [onServer, setOnServer] = useState<string | null>(null);
  const where: SearchIn = onServer === query ? 'server' : 'cache';
  const search = useSearch(query, where);
  const results = query === '' ? [] : (search.data?.results ?? []);
  const offersServer = query !== '' && where === 'cache' && search.data?.complete === false;
  const count = results.length + (offersServer ? 1 : 0);

  const leave = () => {
    setOpen(false);
    setText('');
    setOnServer(null);
    // Where another page is shown there is no list yet, and keys must not go on into the field.
    field.current?.blur();
    run('list.focus');
  };
  const choose = (index: number) => {
    const result = results[index];
    if (result) {
      ui.select(result.conversation_id, result.part_id);
      leave();
    } else if (offersServer) setOnServer(query);
  };
  const box = useCombobox({ count, resetKey: `${query} ${where}`, onChoose: choose });
  const focus = () => {
    field.current?.focus();
    field.current?.select();
  };
  useCommand('search.open', focus);
  useCommand('go.search', focus);

  const shown = open && text.trim() !== '';
  return (
    <search className={styles.search}>
      <div className={styles.field} data-open={shown || undefined}>
        <Search size={14} strokeWidth={1.75} aria-hidden="true" />
        <input
          {...box.inputProps}
          role="combobox"
          aria-controls={box.inputProps['aria-controls']}
          ref={field}
          type="text"
          className={styles.input}
          aria-label={t('search-label')}
          aria-expanded={shown && count > 0}
          placeholder={t('search-placeholder')}
          value={text}
          data-testid="search-input"
          onFocus={() => setOpen(true)}
          onBlur={() => setOpen(false)}
          onChange={(event) => setText(event.target.value)}
          onKeyDown={(event) => {
            if (event.key === 'Escape') {
              event.preventDefault();
              leave();
            } else box.inputProps.onKeyDown(event);
          }}
        />
        {open ? null : <Keys command="search.open" />}
      </div>
      {shown ? (
        <div className={styles.panel} onPointerDown={(event) => event.preventDefault()}>
          <div {...box.listProps} role="listbox" className={styles.list} aria-label={t('search-results')}>
            {results.map((result, index) => (
              <div
                key={`${result.conversation_id}${result.part_id ?? ''}`}
                {...box.optionProps(index)}
                className={styles.option}
                data-testid="search-result"
              >
                <ResultLine result={result} query={query} />
              </div>
            ))}
            {offersServer ? (
              <div {...box.optionProps(results.length)} className={styles.more} data-testid="search-server">
                <Search size={14} strokeWidth={1.75} aria-hidden="true" />
                <span>{t('search-on-server')}</span>
                <CornerDownLeft size={13} strokeWidth={1.75} aria-hidden="true" />
              </div>
            ) : null}
          </div>
          <p className={styles.state} role="status">
            <SearchState
              failed={search.error}
              busy={search.isFetching}
              found={results.length}
              where={where}
            />
          </p>
        </div>
      ) : null}
    </search>
  );
}

function SearchState(props: { failed: unknown; busy: boolean; found: number; where: SearchIn }) {
  const t = useText();
  const { connection } = useReadyState();
  if (props.failed) return errorText(t, props.failed);
  if (props.busy && props.where === 'server') return t('search-busy');
  if (props.busy && props.found === 0) return '';
  const place =
    props.where === 'server'
      ? t('search-in-server')
      : t(connection.state === 'offline' ? 'search-in-cache-offline' : 'search-in-cache');
  return `${t('search-found', { count: props.found })} ${place}`;
}

function ResultLine({ result, query }: { result: SearchResult; query: string }) {
  const { t, locale } = useLocalization();
  const nowMs = useNow();
  const name = result.contact_name ?? t('contact-unnamed');
  return (
    <>
      <Avatar id={result.contact_id} name={name} size={26} />
      <span className={styles.words}>
        <span className={styles.line}>
          <bdi className={styles.name}>{name}</bdi>
          {result.state === 'closed' ? <span className={styles.badge}>{t('state-closed')}</span> : null}
          {result.state === 'snoozed' ? <span className={styles.badge}>{t('state-snoozed')}</span> : null}
        </span>
        <span className={styles.excerpt} dir="auto">
          {highlight(result.excerpt, query).map((piece, index) =>
            piece.found ? (
              // biome-ignore lint/suspicious/noArrayIndexKey: pieces of a text have no other identity
              <mark key={index} className={styles.mark}>
                {piece.text}
              </mark>
            ) : (
              piece.text
            ),
          )}
        </span>
      </span>
      <span className={styles.time}>{listTime(locale, result.created_at, nowMs)}</span>
    </>
  );
}

function useSearch(query: string, where: SearchIn) {
  const host = useHost();
  return useQuery({
    queryKey: ['search', query, where],
    queryFn: () => host.invoke('search', { query, search_in: where, limit: LIMIT }),
    enabled: query !== '',
    placeholderData: keepPreviousData,
    // What was found ages with every message.
    staleTime: 0,
    gcTime: 10_000,
  });
}

/** The value once it has not changed for a moment. */
function useSettled(value: string): string {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [value]);
  return value === '' ? '' : settled;
}
