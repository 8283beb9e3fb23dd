//! The rows of a database in memory, to fill another one of the same schema with.

use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};

/// Every row of a database. Full-text indexes are left out and have to be empty.
pub struct Contents {
    /// In the order in which the tables were made, so that what is referred to comes first.
    tables: Vec<Table>,
    indexes: Vec<String>,
}

struct Table {
    name: String,
    insert: String,
    rows: Vec<Vec<Value>>,
}

impl Contents {
    /// Reads every row.
    pub(super) fn read(connection: &Connection) -> rusqlite::Result<Self> {
        let names = |kind: &str| -> rusqlite::Result<Vec<String>> {
            connection
                .prepare(
                    "SELECT made.name FROM sqlite_schema made JOIN pragma_table_list listed
                     ON listed.schema = 'main' AND listed.name = made.name
                     WHERE made.type = 'table' AND listed.type = ?1 ORDER BY made.rowid",
                )?
                .query_map([kind], |row| row.get(0))?
                .collect()
        };
        let tables = names("table")?
            .into_iter()
            .map(|name| Table::read(connection, name))
            .collect::<rusqlite::Result<_>>()?;
        Ok(Self { tables, indexes: names("virtual")? })
    }

    /// Replaces every row of a database of the same schema. What the connection has prepared stays prepared.
    pub(super) fn write(&self, connection: &Connection) -> rusqlite::Result<()> {
        let tx = connection.unchecked_transaction()?;
        for index in &self.indexes {
            let empty = format!("INSERT INTO {index} ({index}) VALUES ('delete-all')");
            tx.prepare_cached(&empty)?.execute([])?;
        }
        for table in self.tables.iter().rev() {
            tx.prepare_cached(&format!("DELETE FROM {}", table.name))?.execute([])?;
        }
        for table in &self.tables {
            let mut insert = tx.prepare_cached(&table.insert)?;
            for row in &table.rows {
                insert.execute(params_from_iter(row))?;
            }
        }
        tx.commit()
    }
}

impl Table {
    fn read(connection: &Connection, name: String) -> rusqlite::Result<Self> {
        let mut statement = connection.prepare(&format!("SELECT * FROM {name}"))?;
        let width = statement.column_count();
        let rows = statement
            .query_map([], |row| (0..width).map(|column| row.get(column)).collect())?
            .collect::<rusqlite::Result<_>>()?;
        let places = vec!["?"; width].join(", ");
        Ok(Self { insert: format!("INSERT INTO {name} VALUES ({places})"), name, rows })
    }
}
