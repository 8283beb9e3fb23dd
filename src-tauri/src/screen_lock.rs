//! Hears that the system's screen is being locked or that the machine goes to sleep, and locks the
//! app with it. Where nothing tells, the app's own idleness has to do.

use futures_util::StreamExt as _;
use recado_client::Client;
use zbus::message::Type;
use zbus::{Connection, MatchRule, Message, MessageStream};

/// One word of the system that nobody is at the screen.
struct Word {
    interface: &'static str,
    member: &'static str,
    /// Whether it is said on the bus of the whole system.
    system: bool,
    /// Whether it says by a truth value that it begins; it means so by being said otherwise.
    has_value: bool,
}

const WORDS: &[Word] = &[
    // The interface of freedesktop.org, and what GNOME calls its own.
    Word {
        interface: "org.freedesktop.ScreenSaver",
        member: "ActiveChanged",
        system: false,
        has_value: true,
    },
    Word {
        interface: "org.gnome.ScreenSaver",
        member: "ActiveChanged",
        system: false,
        has_value: true,
    },
    // systemd-logind.
    Word {
        interface: "org.freedesktop.login1.Session",
        member: "Lock",
        system: true,
        has_value: false,
    },
    Word {
        interface: "org.freedesktop.login1.Manager",
        member: "PrepareForSleep",
        system: true,
        has_value: true,
    },
];

/// Locks the app whenever the system says so, as long as the program runs.
pub(crate) fn follow(client: &Client) {
    for word in WORDS {
        let client = client.clone();
        tauri::async_runtime::spawn(async move {
            if let Err(error) = hear(word, &client).await {
                tracing::debug!(interface = word.interface, %error, "nobody tells of the screen");
            }
        });
    }
}

async fn hear(word: &Word, client: &Client) -> zbus::Result<()> {
    let bus = match word.system {
        true => Connection::system().await?,
        false => Connection::session().await?,
    };
    let rule = MatchRule::builder()
        .msg_type(Type::Signal)
        .interface(word.interface)
        .member(word.member)
        .build()?;
    let mut said = MessageStream::for_match_rule(rule, &bus, None).await?;
    while let Some(message) = said.next().await {
        if begins(word, &message?) {
            // Without a passphrase there is no app lock, and nothing to do.
            let _ = client.invoke("app_lock", serde_json::Value::Null).await;
        }
    }
    Ok(())
}

fn begins(word: &Word, message: &Message) -> bool {
    !word.has_value || message.body().deserialize::<bool>().unwrap_or(false)
}
