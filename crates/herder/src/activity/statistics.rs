//! Sums and histograms over finished requests (spec/http-api.md 5.3). The database sorts and counts, so that the
//! memory does not depend on the number of rows.

use rusqlite::{Connection, params_from_iter};
use serde::Serialize;

/// Sums over finished requests, and how their rates are spread.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Statistics {
    /// Requests.
    pub total_requests: i64,
    /// Tokens of their prompts.
    pub total_input_tokens: i64,
    /// Tokens generated.
    pub total_output_tokens: i64,
    /// Tokens found in caches, where known.
    pub total_cache_tokens: i64,
    /// Rates of prompt processing in tokens per second; `null` when no rate is known.
    pub prompt_histogram: Option<Histogram>,
    /// Rates of generation; `null` when no rate is known.
    pub gen_histogram: Option<Histogram>,
}

/// How rates are spread.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Histogram {
    /// Rates in each bin; bins have the same width from `min` to `max`, the upper edge belongs to the last.
    pub bins: Vec<u64>,
    /// The smallest rate.
    pub min: f64,
    /// The largest rate.
    pub max: f64,
    /// Width of a bin; 0 when all rates are the same.
    #[serde(rename = "binSize")]
    pub bin_size: f64,
    /// The median.
    pub p50: f64,
    /// 95 % are at most this.
    pub p95: f64,
    /// 99 % are at most this.
    pub p99: f64,
}

const FEWEST_BINS: u64 = 5;
const MOST_BINS: u64 = 20;

impl Statistics {
    /// Over all requests, or those of one model.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub fn read(connection: &Connection, model: Option<&str>) -> rusqlite::Result<Self> {
        // One state of the database for all the statements.
        let transaction = connection.unchecked_transaction()?;
        let filter = match model {
            Some(_) => "WHERE model_id = ?",
            None => "WHERE 1",
        };
        // TOTAL cannot overflow, unlike SUM; the cast saturates.
        let sums = format!(
            "SELECT COUNT(*), CAST(TOTAL(input_tokens) AS INTEGER), CAST(TOTAL(output_tokens) AS INTEGER),
                 CAST(TOTAL(MAX(cache_tokens, 0)) AS INTEGER)
             FROM activity {filter}"
        );
        let mut statistics = transaction.query_row(&sums, params_from_iter(model), |row| {
            Ok(Self {
                total_requests: row.get(0)?,
                total_input_tokens: row.get(1)?,
                total_output_tokens: row.get(2)?,
                total_cache_tokens: row.get(3)?,
                prompt_histogram: None,
                gen_histogram: None,
            })
        })?;
        statistics.prompt_histogram = histogram(&transaction, "prompt_per_second", filter, model)?;
        statistics.gen_histogram = histogram(&transaction, "tokens_per_second", filter, model)?;
        Ok(statistics)
    }
}

#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "counts of rows are far below 2^53, and bins are clamped"
)]
fn histogram(
    connection: &Connection,
    column: &str,
    filter: &str,
    model: Option<&str>,
) -> rusqlite::Result<Option<Histogram>> {
    let rows = format!("FROM activity {filter} AND {column} > 0");
    let (count, min, max): (i64, Option<f64>, Option<f64>) = connection.query_row(
        &format!("SELECT COUNT(*), MIN({column}), MAX({column}) {rows}"),
        params_from_iter(model),
        |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
    )?;
    let (Some(min), Some(max)) = (min, max) else {
        return Ok(None);
    };
    let percentile = |percent: f64| {
        let rank = percent / 100.0 * (count - 1) as f64;
        let sql = format!(
            "SELECT {column} {rows} ORDER BY {column} LIMIT 2 OFFSET {}",
            rank.floor() as u64
        );
        let mut statement = connection.prepare(&sql)?;
        let mut found = statement.query_map(params_from_iter(model), |row| row.get::<_, f64>(0))?;
        let low = found.next().transpose()?.unwrap_or(max);
        let high = found.next().transpose()?.unwrap_or(low);
        Ok::<_, rusqlite::Error>(low + (high - low) * rank.fract())
    };
    let (bins, bin_size) = if max > min {
        let bins = ((count as f64).log2().ceil() as u64 + 1).clamp(FEWEST_BINS, MOST_BINS);
        let bin_size = (max - min) / bins as f64;
        (bins as usize, bin_size)
    } else {
        (1, 0.0)
    };
    let mut histogram = Histogram {
        bins: vec![0; bins],
        min,
        max,
        bin_size,
        p50: percentile(50.0)?,
        p95: percentile(95.0)?,
        p99: percentile(99.0)?,
    };
    let mut statement = connection.prepare(&format!("SELECT {column} {rows}"))?;
    let mut rates = statement.query(params_from_iter(model))?;
    while let Some(row) = rates.next()? {
        let rate: f64 = row.get(0)?;
        let bin = if bin_size > 0.0 {
            ((rate - min) / bin_size) as usize
        } else {
            0
        };
        histogram.bins[bin.min(bins - 1)] += 1;
    }
    Ok(Some(histogram))
}
