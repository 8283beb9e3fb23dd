//! Recado's shell: the window, the tray, notifications, links from outside, and the bridge between
//! the UI and the headless client. No rules live here.

mod dialog;
mod events;
mod instance;
mod ipc;
mod links;
mod notifications;
mod options;
#[cfg(target_os = "linux")]
mod screen_lock;
mod tray;
mod window;
mod words;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use recado_client::{ClientOptions, Launcher, Opener};
use recado_protocol::host::Language;
use tauri::{App, AppHandle, Manager as _, RunEvent};
use tauri_plugin_deep_link::DeepLinkExt as _;
use tracing_subscriber::filter::{EnvFilter, filter_fn};
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::links::Links;
use crate::notifications::DesktopNotifier;
use crate::options::{Options, USAGE};
use crate::tray::Tray;

/// Why there is no window to say anything in.
#[derive(Debug)]
enum StartFailed {
    /// There is nothing to open a window on.
    NoDisplay,
    /// The window system refused.
    NoWindow(tauri::Error),
}

impl From<tauri::Error> for StartFailed {
    fn from(error: tauri::Error) -> Self {
        Self::NoWindow(error)
    }
}

/// Runs the app until its window is closed.
pub fn run() -> ExitCode {
    let options = match Options::parse(std::env::args_os().skip(1)) {
        Ok(options) => options,
        Err(message) => {
            say(&format!("{message}\n\n{USAGE}"));
            return ExitCode::from(2);
        }
    };
    if options.help || options.version {
        say(if options.help { USAGE } else { env!("CARGO_PKG_VERSION") });
        return ExitCode::SUCCESS;
    }
    let filter = EnvFilter::try_from_env("RECADO_LOG")
        .unwrap_or_else(|_| EnvFilter::new("warn,recado=info"));
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let lines = lines.with_filter(filter_fn(recado_client::log::may_be_logged));
    // Outermost, since it alone knows below which level nothing need be looked at.
    tracing_subscriber::registry().with(lines.with_filter(filter)).init();

    match start(options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&words::start_failed(spanish(), &error));
            ExitCode::FAILURE
        }
    }
}

/// Whether to speak Spanish where no setting is known.
fn spanish() -> bool {
    words::is_spanish(Language::System, words::system_locale().as_deref())
}

#[expect(clippy::print_stderr, reason = "before the window opens, the terminal is all there is")]
fn say(text: &str) {
    eprintln!("{text}");
}

fn start(options: Options) -> Result<(), StartFailed> {
    // Tauri itself would end in a panic.
    if !dialog::is_possible() {
        return Err(StartFailed::NoDisplay);
    }
    let app = tauri::Builder::default()
        .plugin(tauri_plugin_deep_link::init())
        .plugin(tauri_plugin_window_state::Builder::default().build())
        .invoke_handler(ipc::handle)
        .setup(move |app| {
            // An error that leaves here would end the program without a word on the screen.
            if let Err(error) = set_up(app, options) {
                let told = words::start_failed(spanish(), &error);
                say(&told);
                dialog::show(&told);
                app.handle().exit(1);
            }
            Ok(())
        })
        .build(context())?;
    app.run(|app, event| {
        if let RunEvent::Exit = event
            && let Some(client) =
                app.try_state::<Arc<Launcher>>().and_then(|launcher| launcher.client())
        {
            tauri::async_runtime::block_on(client.shutdown());
        }
    });
    Ok(())
}

fn set_up(app: &mut App, options: Options) -> Result<(), StartFailed> {
    let handle = app.handle().clone();
    let folder = match options.data_dir {
        Some(folder) => folder,
        None => app.path().app_local_data_dir()?,
    };
    let folder = instance::canonical(&folder);
    let links = Links::default();
    if let Some(link) = &options.link {
        links.receive(link);
    }
    app.manage(links);
    // Where another instance has the folder, it is told of this start, which ends here. Where that
    // instance does not answer, the lock on the folder is found taken, and the window says so.
    if let Err(error) = handle.plugin(single_instance(&folder)) {
        tracing::warn!(%error, "the other instance does not answer");
    }
    // The databases and the keychain are asked while the webview starts.
    let launcher =
        Arc::new(tauri::async_runtime::block_on(Launcher::start(client_options(&handle, folder))));
    app.manage(launcher.clone());
    match Tray::new(&handle) {
        Ok(tray) => {
            app.manage(tray);
        }
        Err(error) => tracing::warn!(%error, "there is no tray"),
    }
    window::open(&handle)?;
    let links = handle.clone();
    app.deep_link().on_open_url(move |event| {
        event.urls().iter().for_each(|url| receive_link(&links, url.as_str()));
    });
    tauri::async_runtime::spawn(async move {
        let client = launcher.started().await;
        let events = client.events();
        handle.state::<Links>().follow(client.clone());
        #[cfg(target_os = "linux")]
        screen_lock::follow(&client);
        events::forward(handle, client, events).await;
    });
    Ok(())
}

fn single_instance(folder: &std::path::Path) -> tauri::plugin::TauriPlugin<tauri::Wry> {
    tauri_plugin_single_instance::Builder::new()
        .dbus_id(instance::name(folder))
        .callback(|app, arguments, _| {
            window::show(app);
            if let Some(link) = arguments.iter().find(|argument| argument.starts_with("recado://"))
            {
                receive_link(app, link);
            }
        })
        .build()
}

#[expect(
    clippy::disallowed_methods,
    reason = "the macro's own code ends a process that is damaged"
)]
fn context() -> tauri::Context {
    tauri::generate_context!()
}

/// What the headless client stands on: this machine's own services.
fn client_options(app: &AppHandle, data_dir: PathBuf) -> ClientOptions {
    let clicked = app.clone();
    let notifier = DesktopNotifier::new(Arc::new(move |conversation_id| {
        window::show(&clicked);
        if let Some(conversation_id) = conversation_id {
            receive_link(&clicked, &format!("recado://open/conversation/{conversation_id}"));
        }
    }));
    let downloads_dir = app.path().download_dir();
    let options = ClientOptions::for_system(
        data_dir,
        env!("CARGO_PKG_VERSION"),
        Arc::new(notifier),
        Arc::new(SystemOpener),
    );
    match downloads_dir {
        Ok(downloads_dir) => ClientOptions { downloads_dir, ..options },
        Err(_) => options,
    }
}

fn receive_link(app: &AppHandle, link: &str) {
    app.state::<Links>().receive(link);
}

/// Opens links with the system's own programs.
struct SystemOpener;

impl Opener for SystemOpener {
    fn open(&self, url: &url::Url) -> Result<(), String> {
        tauri_plugin_opener::open_url(url.as_str(), None::<&str>).map_err(|error| error.to_string())
    }
}

#[cfg(test)]
mod tests;
