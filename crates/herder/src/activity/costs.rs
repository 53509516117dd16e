//! What loads, stops and requests of each model have cost in time, as rows of the store: written when they change, read
//! when herder starts. What they mean is the core's business.

use std::time::Duration;

use herder_core::{Mean, ModelCosts};
use jiff::Timestamp;
use rusqlite::{Connection, Row, Transaction, params};

use super::row::saturating;

/// Models whose costs are kept, those that were measured last. Far more than anybody configures; names that are gone
/// make room.
const MOST_MODELS: i64 = 4096;

/// The table. Times are in microseconds.
pub(super) const TABLE: &str = "
CREATE TABLE IF NOT EXISTS model_costs (
    model_id TEXT PRIMARY KEY, ts_changed INTEGER NOT NULL,
    load_us INTEGER NOT NULL, load_count INTEGER NOT NULL,
    stop_us INTEGER NOT NULL, stop_count INTEGER NOT NULL,
    service_us INTEGER NOT NULL, service_count INTEGER NOT NULL
) WITHOUT ROWID;
";

/// The costs of a model, by its id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptCosts {
    /// The model's id.
    pub model: String,
    /// What was measured.
    pub costs: ModelCosts,
}

/// Everything that is kept, in ascending order of id.
///
/// # Errors
///
/// When the database fails.
pub fn read(connection: &Connection) -> rusqlite::Result<Vec<KeptCosts>> {
    let mut statement = connection.prepare(
        "SELECT model_id, load_us, load_count, stop_us, stop_count, service_us, service_count
         FROM model_costs ORDER BY model_id",
    )?;
    let kept = |row: &Row<'_>| {
        Ok(KeptCosts {
            model: row.get(0)?,
            costs: ModelCosts {
                load: mean(row, 1)?,
                stop: mean(row, 3)?,
                service: mean(row, 5)?,
            },
        })
    };
    statement.query_map([], kept)?.collect()
}

/// Replaces what is kept of these models.
pub(super) fn write(transaction: &Transaction<'_>, costs: &[KeptCosts]) -> rusqlite::Result<()> {
    if costs.is_empty() {
        return Ok(());
    }
    let mut replace =
        transaction.prepare_cached("INSERT OR REPLACE INTO model_costs VALUES (?, ?, ?, ?, ?, ?, ?, ?)")?;
    let now = Timestamp::now().as_second();
    for KeptCosts { model, costs } in costs {
        let ModelCosts { load, stop, service } = costs;
        replace.execute(params![
            model,
            now,
            microseconds(load.mean),
            load.count,
            microseconds(stop.mean),
            stop.count,
            microseconds(service.mean),
            service.count,
        ])?;
    }
    transaction
        .prepare_cached(
            "DELETE FROM model_costs WHERE model_id IN
             (SELECT model_id FROM model_costs ORDER BY ts_changed DESC, model_id LIMIT -1 OFFSET ?)",
        )?
        .execute([MOST_MODELS])?;
    Ok(())
}

/// A mean and its count in two columns. What cannot be one, because somebody else has written it, counts as none.
fn mean(row: &Row<'_>, column: usize) -> rusqlite::Result<Mean> {
    let microseconds = u64::try_from(row.get::<_, i64>(column)?);
    let count = u32::try_from(row.get::<_, i64>(column + 1)?);
    Ok(match (microseconds, count) {
        (Ok(microseconds), Ok(count)) => Mean {
            mean: Duration::from_micros(microseconds),
            count,
        },
        (Err(_), _) | (_, Err(_)) => Mean::default(),
    })
}

fn microseconds(time: Duration) -> i64 {
    saturating(u64::try_from(time.as_micros()).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(model: String) -> KeptCosts {
        let costs = ModelCosts::default();
        KeptCosts { model, costs }
    }

    #[test]
    fn the_table_has_a_limit_and_survives_foreign_values() {
        let mut connection = Connection::open_in_memory().unwrap();
        connection.execute_batch(TABLE).unwrap();
        let all: Vec<_> = (0..=MOST_MODELS)
            .map(|number| kept(format!("m{number}")))
            .collect();
        let transaction = connection.transaction().unwrap();
        write(&transaction, &all).unwrap();
        transaction.commit().unwrap();
        let found = read(&connection).unwrap();
        assert_eq!(i64::try_from(found.len()), Ok(MOST_MODELS));
        connection
            .execute(
                "UPDATE model_costs SET load_us = -1, stop_count = -1, service_us = 9, service_count = 1",
                [],
            )
            .unwrap();
        let ModelCosts { load, stop, service } = read(&connection).unwrap()[0].costs;
        let measured = Mean {
            mean: Duration::from_micros(9),
            count: 1,
        };
        assert_eq!(
            (load, stop, service),
            (Mean::default(), Mean::default(), measured)
        );
    }
}
