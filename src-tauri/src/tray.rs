//! The tray: how many conversations hold something unread, and the way back to the window.

use tauri::menu::{Menu, MenuItem};
use tauri::tray::{TrayIcon, TrayIconBuilder};
use tauri::{AppHandle, Wry};

use crate::{window, words};

const OPEN: &str = "open";
const UNREAD: &str = "unread";
const QUIT: &str = "quit";

/// The tray icon with the menu items whose text changes.
pub(crate) struct Tray {
    icon: TrayIcon,
    open: MenuItem<Wry>,
    unread: MenuItem<Wry>,
    quit: MenuItem<Wry>,
}

impl Tray {
    /// Puts the icon into the tray. Where the desktop has no tray, it is simply not seen.
    pub(crate) fn new(app: &AppHandle) -> tauri::Result<Self> {
        let open = MenuItem::with_id(app, OPEN, words::open(false), true, None::<&str>)?;
        let unread = MenuItem::with_id(app, UNREAD, words::unread(false, 0), false, None::<&str>)?;
        let quit = MenuItem::with_id(app, QUIT, words::quit(false), true, None::<&str>)?;
        let menu = Menu::with_items(app, &[&open, &unread, &quit])?;
        let mut builder = TrayIconBuilder::with_id("main").tooltip("Recado").menu(&menu);
        if let Some(icon) = app.default_window_icon() {
            builder = builder.icon(icon.clone());
        }
        let icon = builder
            .on_menu_event(|app, event| match event.id().as_ref() {
                OPEN => window::show(app),
                QUIT => app.exit(0),
                _ => {}
            })
            .build(app)?;
        Ok(Self { icon, open, unread, quit })
    }

    /// Shows the count and the language.
    pub(crate) fn update(&self, spanish: bool, count: u32) -> tauri::Result<()> {
        self.open.set_text(words::open(spanish))?;
        self.unread.set_text(words::unread(spanish, count))?;
        self.quit.set_text(words::quit(spanish))?;
        self.icon.set_title((count > 0).then(|| count.to_string()))?;
        self.icon.set_tooltip(Some(format!("Recado: {}", words::unread(spanish, count))))
    }
}
