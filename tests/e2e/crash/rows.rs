//! What the server's database holds, read past the server.

use std::path::PathBuf;

use anyhow::Context as _;

/// Where the server's rows are.
pub(super) enum Database {
    Sqlite(PathBuf),
    Postgres { url: String, schema: String },
}

/// A message or an event of a conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PartRow {
    pub(super) conversation_id: Vec<u8>,
    pub(super) command_id: Option<Vec<u8>>,
    pub(super) tag: Option<String>,
    pub(super) body_text: String,
}

/// What became of a command.
#[derive(Debug)]
pub(super) struct CommandRow {
    pub(super) id: Vec<u8>,
    pub(super) applied: bool,
    pub(super) has_part: bool,
}

/// Everything that the rounds ask about.
#[derive(Debug, Default)]
pub(super) struct Rows {
    /// In the order of each conversation.
    pub(super) parts: Vec<PartRow>,
    pub(super) commands: Vec<CommandRow>,
    pub(super) channel_requests: Vec<String>,
    /// What the audit says was done: who, and its details.
    pub(super) audit: Vec<(String, String)>,
    /// The numbers of the change log.
    pub(super) log: Vec<i64>,
}

const PARTS: &str =
    "SELECT conversation_id, command_id, tag, body_text FROM part ORDER BY conversation_id, seq";
const COMMANDS: &str = "SELECT id, version, part_id FROM command";
const CHANNEL_REQUESTS: &str = "SELECT idempotency_key FROM channel_request";
const AUDIT: &str = "SELECT e.actor_type, coalesce(d.detail, '') FROM audit_event e \
     LEFT JOIN audit_detail d ON d.workspace_id = e.workspace_id AND d.event_id = e.id WHERE e.result = 'done'";
const LOG: &str = "SELECT seq FROM change_log ORDER BY seq";

impl Database {
    pub(super) async fn rows(&self) -> anyhow::Result<Rows> {
        match self {
            Self::Sqlite(path) => sqlite(path).context("the server's database cannot be read"),
            Self::Postgres { url, schema } => postgres(url, schema).await,
        }
    }
}

fn sqlite(path: &PathBuf) -> anyhow::Result<Rows> {
    let database = rusqlite::Connection::open(path)?;
    database.busy_timeout(std::time::Duration::from_secs(10))?;
    let verdict: String = database.query_row("PRAGMA integrity_check", [], |row| row.get(0))?;
    anyhow::ensure!(verdict == "ok", "the server's database is damaged: {verdict}");
    let tx = database.unchecked_transaction()?;
    fn all<T>(
        tx: &rusqlite::Transaction<'_>,
        sql: &str,
        read: impl FnMut(&rusqlite::Row<'_>) -> rusqlite::Result<T>,
    ) -> rusqlite::Result<Vec<T>> {
        tx.prepare(sql)?.query_map([], read)?.collect()
    }
    Ok(Rows {
        parts: all(&tx, PARTS, |row| {
            Ok(PartRow {
                conversation_id: row.get(0)?,
                command_id: row.get(1)?,
                tag: row.get(2)?,
                body_text: row.get(3)?,
            })
        })?,
        commands: all(&tx, COMMANDS, |row| {
            Ok(CommandRow {
                id: row.get(0)?,
                applied: row.get::<_, Option<i64>>(1)?.is_some(),
                has_part: row.get::<_, Option<Vec<u8>>>(2)?.is_some(),
            })
        })?,
        channel_requests: all(&tx, CHANNEL_REQUESTS, |row| row.get(0))?,
        audit: all(&tx, AUDIT, |row| Ok((row.get(0)?, row.get(1)?)))?,
        log: all(&tx, LOG, |row| row.get(0))?,
    })
}

async fn postgres(url: &str, schema: &str) -> anyhow::Result<Rows> {
    let (mut client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls).await?;
    // Ends when the client is dropped.
    tokio::spawn(connection);
    client.batch_execute(&format!("SET search_path = {schema}")).await?;
    let tx = client
        .build_transaction()
        .isolation_level(tokio_postgres::IsolationLevel::RepeatableRead)
        .start()
        .await?;
    let mut rows = Rows::default();
    for row in tx.query(PARTS, &[]).await? {
        rows.parts.push(PartRow {
            conversation_id: row.get(0),
            command_id: row.get(1),
            tag: row.get(2),
            body_text: row.get(3),
        });
    }
    for row in tx.query(COMMANDS, &[]).await? {
        rows.commands.push(CommandRow {
            id: row.get(0),
            applied: row.get::<_, Option<i64>>(1).is_some(),
            has_part: row.get::<_, Option<Vec<u8>>>(2).is_some(),
        });
    }
    rows.channel_requests =
        tx.query(CHANNEL_REQUESTS, &[]).await?.iter().map(|row| row.get(0)).collect();
    rows.audit = tx.query(AUDIT, &[]).await?.iter().map(|row| (row.get(0), row.get(1))).collect();
    rows.log = tx.query(LOG, &[]).await?.iter().map(|row| row.get(0)).collect();
    Ok(rows)
}
