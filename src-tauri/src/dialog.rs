//! A dialog of the system's own, for when there is no webview to say anything in.

/// Whether there is a display to show anything on. Must be asked on the main thread.
#[cfg(target_os = "linux")]
pub(crate) fn is_possible() -> bool {
    gtk::init().is_ok()
}

/// Shows a text until it is closed. Must be called on the main thread.
#[cfg(target_os = "linux")]
pub(crate) fn show(text: &str) {
    use gtk::prelude::{DialogExt as _, GtkWindowExt as _};

    let no_parent: Option<&gtk::Window> = None;
    let dialog = gtk::MessageDialog::new(
        no_parent,
        gtk::DialogFlags::MODAL,
        gtk::MessageType::Error,
        gtk::ButtonsType::Close,
        text,
    );
    dialog.set_title("Recado");
    dialog.run();
    dialog.close();
}

/// Elsewhere there always is a display.
#[cfg(not(target_os = "linux"))]
pub(crate) const fn is_possible() -> bool {
    true
}

/// Elsewhere the terminal has to do.
#[cfg(not(target_os = "linux"))]
pub(crate) const fn show(_: &str) {}
