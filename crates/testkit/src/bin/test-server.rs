//! The real server as a process of its own, to be killed. `test-server DATA-DIR PORT`; it prints
//! its join link once it answers.

#![expect(clippy::print_stdout, reason = "whoever started it waits for the join link")]

use std::net::TcpListener;

use anyhow::Context as _;
use recado_server::backend::Database;
use recado_server::serve::{ServeSettings, serve};
use recado_testkit::process::DATABASE_VARIABLE;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let data_dir = arguments.next().context("the data directory is missing")?;
    let port: u16 = arguments.next().context("the port is missing")?.parse()?;
    let mut settings = ServeSettings::new(data_dir);
    settings.backend.password_cost = 4;
    if let Ok(named) = std::env::var(DATABASE_VARIABLE) {
        let (url, schema) = named.split_once(' ').context("the database has no schema")?;
        let (url, schema) = (url.to_owned(), schema.to_owned());
        settings.backend.database = Database::PostgresSchema { url, schema };
    }
    let listener = TcpListener::bind(("127.0.0.1", port))?;
    let started = |server: &recado_server::serve::RunningServer| println!("{}", server.join_link());
    serve(settings, listener, started, std::future::pending()).await?;
    Ok(())
}
