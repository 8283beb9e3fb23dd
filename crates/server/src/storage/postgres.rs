//! PostgreSQL: a pool of connections, and transactions that are retried when they collide.

mod convert;
mod listen;
mod settings;

use std::future::Future;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use deadpool_postgres::{
    Hook, HookError, Manager, ManagerConfig, Object, Pool, RecyclingMethod, Runtime, Timeouts,
};
use tokio_postgres::error::SqlState;
use tokio_postgres::types::ToSql;
use tokio_postgres::{NoTls, Statement};
use tokio_util::task::LocalPoolHandle;

use super::growth::Growth;
use super::migrate::{self, Migration};
use super::sql::for_postgres;
use super::sqlite::{out_of_range, wrong_parameter_count};
use super::value::{Row, Value};
use super::{DbError, Tx};
pub use listen::Listener;
use settings::{Settings, Tls};

const CONNECTIONS: usize = 16;
/// How often a transaction that collided with another one is run again.
const RETRIES: u32 = 3;
const FIRST_RETRY_DELAY: Duration = Duration::from_millis(5);
const WAIT_FOR_CONNECTION: Duration = Duration::from_secs(10);

/// What a transaction is for.
#[derive(Debug, Clone, Copy)]
enum Mode {
    Write,
    Read,
}

/// A PostgreSQL database.
pub(super) struct Server {
    pool: Pool,
    settings: Settings,
    /// Transactions run here and not on the caller's task, so that a caller who goes away does not cancel them. The
    /// tasks stay on their thread, which spares every storage function a `Send` bound.
    threads: LocalPoolHandle,
    growth: Growth,
}

impl Server {
    /// Connects, creates `schema` if it is missing, and migrates.
    pub(super) async fn connect(
        url: &str,
        schema: Option<&str>,
        migrations: &'static [Migration],
        growth: Growth,
    ) -> Result<Self, DbError> {
        let settings = Settings::parse(url)?;
        let Settings { config, tls } = settings.clone();
        let manager_config = ManagerConfig { recycling_method: RecyclingMethod::Fast };
        let manager = match tls {
            Tls::Off => Manager::from_config(config, NoTls, manager_config),
            Tls::On(connector) => Manager::from_config(config, connector, manager_config),
        };
        let setup = session_setup(schema)?;
        let pool = Pool::builder(manager)
            .max_size(CONNECTIONS)
            .runtime(Runtime::Tokio1)
            .timeouts(Timeouts {
                wait: Some(WAIT_FOR_CONNECTION),
                create: Some(WAIT_FOR_CONNECTION),
                recycle: Some(WAIT_FOR_CONNECTION),
            })
            .post_create(Hook::async_fn(move |client, _| {
                let setup = Arc::clone(&setup);
                Box::pin(
                    async move { client.batch_execute(&setup).await.map_err(HookError::Backend) },
                )
            }))
            .build()
            .map_err(|cause| DbError::Configuration(cause.to_string()))?;
        let threads = thread::available_parallelism().map_or(2, |cores| cores.get().clamp(2, 8));
        let server = Self { pool, settings, threads: LocalPoolHandle::new(threads), growth };
        let pool = server.pool.clone();
        let schema = schema.map(str::to_owned);
        server
            .on_own_thread(move || async move {
                let mut client = connection(&pool).await?;
                let outcome = migrate::postgres(&mut client, schema.as_deref(), migrations).await;
                if outcome.is_err() {
                    // Closing the connection gives its lock back, whatever state it is in.
                    drop(Object::take(client));
                }
                outcome
            })
            .await?;
        Ok(server)
    }

    pub(super) async fn write<T, E, F>(&self, body: F) -> Result<T, E>
    where
        F: AsyncFn(&mut Tx) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        self.run(body, Mode::Write).await
    }

    pub(super) async fn read<T, E, F>(&self, body: F) -> Result<T, E>
    where
        F: AsyncFn(&mut Tx) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        self.run(body, Mode::Read).await
    }

    /// Hears what other nodes say on `channel`.
    pub(super) async fn listen(&self, channel: &str) -> Result<Listener, DbError> {
        listen::listen(&self.settings, channel).await
    }

    async fn run<T, E, F>(&self, body: F, mode: Mode) -> Result<T, E>
    where
        F: AsyncFn(&mut Tx) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        let (pool, growth) = (self.pool.clone(), self.growth.clone());
        self.on_own_thread(move || async move { with_retries(&pool, &growth, &body, mode).await })
            .await
    }

    async fn on_own_thread<T, E, Fut>(
        &self,
        work: impl FnOnce() -> Fut + Send + 'static,
    ) -> Result<T, E>
    where
        Fut: Future<Output = Result<T, E>> + 'static,
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        let task = self.threads.spawn_pinned(work);
        task.await.unwrap_or_else(|_| Err(DbError::Panicked.into()))
    }
}

/// What every new connection is told first. The schema's name goes into SQL text, so it must be a plain one.
fn session_setup(schema: Option<&str>) -> Result<Arc<str>, DbError> {
    let mut setup =
        "SET idle_in_transaction_session_timeout = '60s'; SET client_min_messages = warning;"
            .to_owned();
    if let Some(schema) = schema {
        let plain = schema.starts_with(|first: char| first.is_ascii_lowercase() || first == '_')
            && schema.len() <= 63
            && schema.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
        if !plain {
            return Err(DbError::Configuration(
                "a schema's name may hold lower-case letters, digits and underscores only"
                    .to_owned(),
            ));
        }
        setup.push_str(" SET search_path = ");
        setup.push_str(schema);
        setup.push(';');
    }
    Ok(setup.into())
}

async fn connection(pool: &Pool) -> Result<Object, DbError> {
    pool.get().await.map_err(|cause| DbError::Unavailable(describe(&cause)))
}

/// An error with its causes in one line.
fn describe(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let part = cause.to_string();
        if !text.contains(&part) {
            text.push_str(": ");
            text.push_str(&part);
        }
        source = cause.source();
    }
    text
}

async fn with_retries<T, E, F>(pool: &Pool, growth: &Growth, body: &F, mode: Mode) -> Result<T, E>
where
    F: AsyncFn(&mut Tx) -> Result<T, E>,
    E: From<DbError>,
{
    let mut retries_left = RETRIES;
    let mut delay = FIRST_RETRY_DELAY;
    loop {
        let (outcome, transient) = once(pool, growth, body, mode).await?;
        if !transient || retries_left == 0 {
            return outcome;
        }
        retries_left -= 1;
        tokio::time::sleep(delay).await;
        delay *= 4;
    }
}

/// Runs the body in one transaction, and says whether running it again may help.
async fn once<T, E, F>(
    pool: &Pool,
    growth: &Growth,
    body: &F,
    mode: Mode,
) -> Result<(Result<T, E>, bool), DbError>
where
    F: AsyncFn(&mut Tx) -> Result<T, E>,
    E: From<DbError>,
{
    let mut tx = Tx::postgres(Session::begin(connection(pool).await?, mode).await?);
    let mut outcome = body(&mut tx).await;
    let failure = tx.take_failure();
    let transient = failure.as_ref().is_some_and(DbError::is_transient);
    if let Some(failure) = failure
        && outcome.is_ok()
    {
        outcome = Err(failure.into());
    }
    let grew = tx.take_growth();
    let Some(session) = tx.into_session() else {
        return Err(DbError::Closed);
    };
    match outcome {
        Ok(value) => {
            let committed = commit(session, mode).await;
            // Also where the answer to COMMIT was lost: it may have been done.
            if grew {
                growth.announce();
            }
            Ok(match committed {
                Ok(()) => (Ok(value), false),
                Err(refused) => {
                    let transient = refused.is_transient();
                    (Err(refused.into()), transient)
                }
            })
        }
        Err(own) => {
            // A connection that cannot roll back is closed by `finish`, which rolls back as well.
            let _ = session.finish("ROLLBACK").await;
            Ok((Err(own), transient))
        }
    }
}

async fn commit(session: Session, mode: Mode) -> Result<(), DbError> {
    #[cfg(feature = "fail-points")]
    if matches!(mode, Mode::Write) {
        crate::fail_point::reached(crate::fail_point::Place::BeforeCommit);
    }
    let outcome = session.finish("COMMIT").await;
    #[cfg(feature = "fail-points")]
    if matches!(mode, Mode::Write) {
        crate::fail_point::reached(crate::fail_point::Place::AfterCommit);
    }
    #[cfg(not(feature = "fail-points"))]
    let _ = mode;
    outcome
}

/// One open transaction on one connection.
pub(super) struct Session {
    /// `None` once the transaction has ended.
    client: Option<Object>,
}

impl Session {
    async fn begin(client: Object, mode: Mode) -> Result<Self, DbError> {
        // In place before BEGIN is sent, so that no failure can hand an open transaction back to the pool.
        let session = Self { client: Some(client) };
        let begin = match mode {
            Mode::Write => "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE",
            Mode::Read => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
        };
        session.client()?.batch_execute(begin).await.map_err(|cause| error(&cause))?;
        Ok(session)
    }

    fn client(&self) -> Result<&Object, DbError> {
        self.client.as_ref().ok_or(DbError::Closed)
    }

    async fn finish(mut self, sql: &str) -> Result<(), DbError> {
        self.client()?.batch_execute(sql).await.map_err(|cause| error(&cause))?;
        self.client = None;
        Ok(())
    }

    async fn prepare(&self, sql: &str, params: &[Value]) -> Result<Statement, DbError> {
        if let Some(index) = params.iter().position(|value| matches!(value, Value::OutOfRange(_))) {
            return Err(out_of_range(index + 1));
        }
        let statement = self
            .client()?
            .prepare_cached(&for_postgres(sql))
            .await
            .map_err(|cause| error(&cause))?;
        if statement.params().len() != params.len() {
            return Err(wrong_parameter_count(statement.params().len(), params.len()));
        }
        Ok(statement)
    }

    pub(super) async fn execute(&mut self, sql: &str, params: &[Value]) -> Result<u64, DbError> {
        let statement = self.prepare(sql, params).await?;
        self.client()?.execute(&statement, &bound(params)).await.map_err(|cause| error(&cause))
    }

    pub(super) async fn query(&mut self, sql: &str, params: &[Value]) -> Result<Vec<Row>, DbError> {
        let statement = self.prepare(sql, params).await?;
        let answer = self
            .client()?
            .query(&statement, &bound(params))
            .await
            .map_err(|cause| error(&cause))?;
        let columns: Arc<[String]> =
            statement.columns().iter().map(|column| column.name().to_owned()).collect();
        answer
            .iter()
            .map(|row| {
                let values = (0..columns.len())
                    .map(|index| {
                        row.try_get::<_, Value>(index).map_err(|_| DbError::Decode {
                            column: format!(
                                "{} ({})",
                                columns[index],
                                statement.columns()[index].type_()
                            ),
                            expected: "value of a type that both engines have",
                        })
                    })
                    .collect::<Result<_, DbError>>()?;
                Ok(Row::new(Arc::clone(&columns), values))
            })
            .collect()
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // Still here: the transaction did not end, by a panic or a broken connection. Closing the connection is the
        // one way to roll back that needs no answer.
        if let Some(client) = self.client.take() {
            drop(Object::take(client));
        }
    }
}

fn bound(params: &[Value]) -> Vec<&(dyn ToSql + Sync)> {
    params.iter().map(|value| value as &(dyn ToSql + Sync)).collect()
}

/// The storage layer's word for an error of PostgreSQL.
pub(super) fn error(cause: &tokio_postgres::Error) -> DbError {
    let Some(refusal) = cause.as_db_error() else {
        let misfit =
            std::error::Error::source(cause).is_some_and(|source| source.is::<convert::Misfit>());
        return if misfit {
            DbError::Parameter(describe(cause))
        } else {
            DbError::Unavailable(describe(cause))
        };
    };
    let constraint = || refusal.constraint().or(refusal.column()).unwrap_or_default().to_owned();
    let code = refusal.code();
    if *code == SqlState::UNIQUE_VIOLATION {
        DbError::UniqueViolation { constraint: constraint() }
    } else if *code == SqlState::FOREIGN_KEY_VIOLATION {
        DbError::ForeignKeyViolation { constraint: constraint() }
    } else if *code == SqlState::NOT_NULL_VIOLATION || *code == SqlState::CHECK_VIOLATION {
        DbError::CheckViolation { constraint: constraint() }
    } else if *code == SqlState::T_R_SERIALIZATION_FAILURE
        || *code == SqlState::T_R_DEADLOCK_DETECTED
    {
        DbError::Conflict
    } else if *code == SqlState::READ_ONLY_SQL_TRANSACTION {
        DbError::ReadOnly
    } else {
        DbError::Statement { code: code.code().to_owned(), message: refusal.message().to_owned() }
    }
}
