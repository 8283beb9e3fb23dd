//! Recado's shell: the window, the tray, notifications, links from outside, and the bridge between
//! the UI and the headless client. No rules live here.

mod events;
mod ipc;
mod notifications;
mod options;
mod tray;
mod window;
mod words;

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use recado_client::{Client, ClientOptions, Opener, StartError};
use tauri::{AppHandle, Manager as _, RunEvent};
use tauri_plugin_deep_link::DeepLinkExt as _;

use crate::notifications::DesktopNotifier;
use crate::options::{Options, USAGE};
use crate::tray::Tray;

/// Why the app did not start, or ended early.
#[derive(Debug, thiserror::Error)]
enum Error {
    /// Another instance has the data.
    #[error(transparent)]
    Client(#[from] StartError),
    /// The window system failed.
    #[error(transparent)]
    Window(#[from] tauri::Error),
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
    let filter = tracing_subscriber::EnvFilter::try_from_env("RECADO_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("warn,recado=info"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();

    match start(options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&format!("Recado could not start: {error}"));
            ExitCode::FAILURE
        }
    }
}

#[expect(clippy::print_stderr, reason = "before the window opens, the terminal is all there is")]
fn say(text: &str) {
    eprintln!("{text}");
}

fn start(options: Options) -> Result<(), Error> {
    let Options { data_dir, link, .. } = options;
    let mut instance =
        tauri_plugin_single_instance::Builder::new().callback(|app, arguments, _| {
            window::show(app);
            if let Some(link) = arguments.iter().find(|argument| argument.starts_with("recado://"))
            {
                receive_link(app, link);
            }
        });
    if let Some(folder) = &data_dir {
        instance = instance.dbus_id(instance_name(folder));
    }
    let app = tauri::Builder::default()
        .plugin(instance.build())
        .plugin(tauri_plugin_deep_link::init())
        .plugin(tauri_plugin_window_state::Builder::default().build())
        .invoke_handler(ipc::handle)
        .setup(move |app| {
            // The databases and the keychain are asked while the webview starts.
            let handle = app.handle().clone();
            let folder = match data_dir {
                Some(folder) => folder,
                None => app.path().app_local_data_dir()?,
            };
            let client = open_client(&handle, folder)?;
            app.manage(client.clone());
            app.manage(Tray::new(&handle)?);
            window::open(&handle)?;
            tauri::async_runtime::spawn(events::forward(handle.clone(), client));
            let links = handle.clone();
            app.deep_link().on_open_url(move |event| {
                event.urls().iter().for_each(|url| receive_link(&links, url.as_str()));
            });
            if let Some(link) = link {
                receive_link(&handle, &link);
            }
            Ok(())
        })
        .build(context())?;
    app.run(|app, event| {
        if let RunEvent::Exit = event
            && let Some(client) = app.try_state::<Client>()
        {
            tauri::async_runtime::block_on(client.shutdown());
        }
    });
    Ok(())
}

#[expect(
    clippy::disallowed_methods,
    reason = "the macro's own code ends a process that is damaged"
)]
fn context() -> tauri::Context {
    tauri::generate_context!()
}

/// Starts the headless client on this machine's own services.
fn open_client(app: &AppHandle, data_dir: PathBuf) -> Result<Client, Error> {
    let clicked = app.clone();
    let notifier = DesktopNotifier::new(Arc::new(move |conversation_id| {
        window::show(&clicked);
        if let Some(conversation_id) = conversation_id {
            receive_link(&clicked, &format!("recado://open/conversation/{conversation_id}"));
        }
    }));
    let options = ClientOptions::for_system(
        data_dir,
        env!("CARGO_PKG_VERSION"),
        Arc::new(notifier),
        Arc::new(SystemOpener),
    );
    Ok(tauri::async_runtime::block_on(Client::start(options))?)
}

/// Gives a link from outside to the client, which reads it as hostile input.
fn receive_link(app: &AppHandle, link: &str) {
    let Some(client) = app.try_state::<Client>() else { return };
    if let Err(error) = client.open_link_from_outside(link) {
        tracing::warn!(code = ?error.code, "a link from outside was refused");
    }
}

/// Opens links with the system's own programs.
struct SystemOpener;

impl Opener for SystemOpener {
    fn open(&self, url: &url::Url) -> Result<(), String> {
        tauri_plugin_opener::open_url(url.as_str(), None::<&str>).map_err(|error| error.to_string())
    }
}

/// One instance for each data folder: a name that the bus accepts.
fn instance_name(folder: &Path) -> String {
    let mut hasher = DefaultHasher::new();
    folder.hash(&mut hasher);
    format!("app.recado.desktop.d{:016x}", hasher.finish())
}

#[cfg(test)]
mod tests;
