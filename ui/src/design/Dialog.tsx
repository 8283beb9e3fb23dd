import { X } from 'lucide-react';
import type { ReactNode } from 'react';
import { Dialog as AriaDialog } from 'react-aria-components/Dialog';
import { Heading } from 'react-aria-components/Heading';
import { Modal, ModalOverlay } from 'react-aria-components/Modal';
import { useText } from '../i18n/text';
import { Button } from './Button';
import styles from './Dialog.module.css';

interface DialogProps {
  title: string;
  /** Keeps the title for screen readers only. */
  titleHidden?: boolean;
  onClose: () => void;
  width?: 'small' | 'medium' | 'large';
  /** Where it stands: pickers near the top, where the eyes are; questions in the middle. */
  place?: 'top' | 'middle';
  alert?: boolean;
  /** Shows a button that closes it: for those that have no buttons of their own. */
  closable?: boolean;
  testId?: string;
  children: ReactNode;
}

/** A modal dialog: keeps the focus, gives it back, goes with Esc or a press outside. */
export function Dialog(props: DialogProps) {
  const t = useText();
  const { title, titleHidden = false, onClose, width = 'medium', place = 'middle', alert = false } = props;
  return (
    <ModalOverlay
      className={styles.scrim ?? ''}
      data-place={place}
      isOpen
      isDismissable={!alert}
      onOpenChange={(open) => {
        if (!open) onClose();
      }}
    >
      <Modal className={styles.modal ?? ''} data-width={width}>
        <AriaDialog
          className={styles.dialog ?? ''}
          role={alert ? 'alertdialog' : 'dialog'}
          data-testid={props.testId}
        >
          <Heading slot="title" level={2} className={titleHidden ? 'offscreen' : (styles.title ?? '')}>
            {title}
          </Heading>
          {props.children}
          {props.closable ? (
            <div className={styles.close}>
              <Button kind="quiet" label={t('close-dialog')} onPress={onClose}>
                <X size={16} strokeWidth={1.75} aria-hidden="true" />
              </Button>
            </div>
          ) : null}
        </AriaDialog>
      </Modal>
    </ModalOverlay>
  );
}

/** The row of buttons that ends a dialog. */
export function DialogActions({ children }: { children: ReactNode }) {
  return <div className={styles.actions}>{children}</div>;
}
