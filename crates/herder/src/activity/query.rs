//! The list of finished requests: filters, order and pages (spec/http-api.md 5.3).

use jiff::Timestamp;
use jiff::tz::TimeZone;
use rusqlite::types::Value as Sql;
use rusqlite::{Connection, params_from_iter};
use serde::Serialize;

use super::ending::Ending;
use super::row::{Entry, Tokens, saturating};

/// What is asked for. The default is the newest page of everything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// Requests to one of these models; empty means all.
    pub models: Vec<String>,
    /// Requests that ended in one of these ways; empty means all.
    pub endings: Vec<Ending>,
    /// Not before this second.
    pub start: Option<i64>,
    /// Not after this second.
    pub end: Option<i64>,
    /// Smallest id.
    pub min_id: Option<u64>,
    /// Largest id.
    pub max_id: Option<u64>,
    /// Rows of a page.
    pub limit: u64,
    /// Pages count from 1.
    pub page: u64,
    /// The column that gives the order.
    pub sort: Sort,
    /// Smallest first.
    pub ascending: bool,
}

/// A column that can give the order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sort(usize);

/// Names in the API, and columns. The first is the default.
const SORTS: [(&str, &str); 15] = [
    ("id", "id"),
    ("time", "ts_created"),
    ("model", "model_id"),
    ("req_path", "req_path"),
    ("resp_status_code", "resp_status_code"),
    ("resp_content_type", "resp_content_type"),
    ("cached", "cache_tokens"),
    ("prompt", "input_tokens"),
    ("generated", "output_tokens"),
    ("drafted", "draft_tokens"),
    ("prompt_speed", "prompt_per_second"),
    ("gen_speed", "tokens_per_second"),
    ("duration", "duration_ms"),
    // Two of herder's own. What is unknown comes before the smallest.
    ("queued", "queued_ms"),
    ("first_byte", "first_byte_ms"),
];

/// Most rows of a page.
pub const MAX_LIMIT: u64 = 999;

/// One page of the list.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "ActivityPage"))]
pub struct Page {
    /// Its rows.
    pub data: Vec<Entry>,
    /// Its number.
    pub page: u64,
    /// Rows of a page.
    pub limit: u64,
    /// Rows that pass the filters.
    pub total: u64,
    /// Pages of them.
    pub total_pages: u64,
}

impl Default for Query {
    fn default() -> Self {
        Self {
            models: Vec::new(),
            endings: Vec::new(),
            start: None,
            end: None,
            min_id: None,
            max_id: None,
            limit: 25,
            page: 1,
            sort: Sort::default(),
            ascending: false,
        }
    }
}

impl Sort {
    /// The names of the columns in the API.
    #[cfg(test)]
    pub(crate) fn names() -> [&'static str; SORTS.len()] {
        SORTS.map(|(name, _)| name)
    }

    /// The column of this name in the API.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        SORTS.iter().position(|(known, _)| *known == name).map(Self)
    }
}

impl Query {
    /// Reads the page.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub fn run(&self, connection: &Connection) -> rusqlite::Result<Page> {
        let (filter, values) = self.filter();
        let transaction = connection.unchecked_transaction()?;
        let total: i64 = transaction
            .prepare_cached(&format!("SELECT COUNT(*) FROM activity{filter}"))?
            .query_row(params_from_iter(&values), |row| row.get(0))?;
        let total = u64::try_from(total).unwrap_or(0);
        let (_, column) = SORTS[self.sort.0];
        let direction = if self.ascending { "ASC" } else { "DESC" };
        let offset = (self.page - 1).saturating_mul(self.limit);
        let sql = format!(
            "SELECT id, ts_created, model_id, req_path, resp_content_type, resp_status_code, error_msg, metadata_json,
                 cache_tokens, draft_tokens, draft_acc_tokens, input_tokens, output_tokens, prompt_per_second,
                 tokens_per_second, duration_ms, queued_ms, first_byte_ms
             FROM activity{filter} ORDER BY {column} {direction}, id {direction} LIMIT {} OFFSET {}",
            self.limit,
            saturating(offset)
        );
        let zone = TimeZone::system();
        let data = transaction
            .prepare(&sql)?
            .query_map(params_from_iter(&values), |row| entry(row, &zone))?
            .collect::<rusqlite::Result<_>>()?;
        Ok(Page {
            data,
            page: self.page,
            limit: self.limit,
            total,
            total_pages: total.div_ceil(self.limit),
        })
    }

    /// The `WHERE` clause, which may be empty, and its values.
    fn filter(&self) -> (String, Vec<Sql>) {
        let mut conditions = Vec::new();
        let mut values = Vec::new();
        if !self.models.is_empty() {
            let marks = vec!["?"; self.models.len()].join(", ");
            conditions.push(format!("model_id IN ({marks})"));
            values.extend(self.models.iter().cloned().map(Sql::from));
        }
        if !self.endings.is_empty() {
            let endings: Vec<_> = self.endings.iter().map(Ending::condition).collect();
            conditions.push(format!("({})", endings.join(" OR ")));
        }
        let bounds = [
            ("ts_created >= ?", self.start),
            ("ts_created <= ?", self.end),
            ("id >= ?", self.min_id.map(saturating)),
            ("id <= ?", self.max_id.map(saturating)),
        ];
        for (condition, bound) in bounds {
            if let Some(bound) = bound {
                conditions.push(condition.to_owned());
                values.push(Sql::from(bound));
            }
        }
        if conditions.is_empty() {
            return (String::new(), values);
        }
        (format!(" WHERE {}", conditions.join(" AND ")), values)
    }
}

fn entry(row: &rusqlite::Row<'_>, zone: &TimeZone) -> rusqlite::Result<Entry> {
    let metadata: String = row.get("metadata_json")?;
    Ok(Entry {
        id: row.get("id")?,
        timestamp: timestamp(row.get("ts_created")?, zone),
        model: row.get("model_id")?,
        req_path: row.get("req_path")?,
        resp_content_type: row.get("resp_content_type")?,
        resp_status_code: row.get("resp_status_code")?,
        error_msg: row.get("error_msg")?,
        tokens: Tokens {
            cache_tokens: row.get("cache_tokens")?,
            draft_tokens: row.get("draft_tokens")?,
            draft_acc_tokens: row.get("draft_acc_tokens")?,
            input_tokens: row.get("input_tokens")?,
            output_tokens: row.get("output_tokens")?,
            prompt_per_second: row.get("prompt_per_second")?,
            tokens_per_second: row.get("tokens_per_second")?,
        },
        duration_ms: row.get("duration_ms")?,
        queued_ms: row.get("queued_ms")?,
        first_byte_ms: row.get("first_byte_ms")?,
        has_capture: false,
        metadata: serde_json::from_str(&metadata)
            .ok()
            .filter(|value: &serde_json::Value| value.as_object().is_some_and(|members| !members.is_empty())),
    })
}

/// RFC 3339 in whole seconds.
fn timestamp(seconds: i64, zone: &TimeZone) -> String {
    let time = Timestamp::from_second(seconds).unwrap_or(Timestamp::UNIX_EPOCH);
    let time = time.to_zoned(zone.clone());
    let layout = if time.offset().is_zero() {
        "%Y-%m-%dT%H:%M:%SZ"
    } else {
        "%Y-%m-%dT%H:%M:%S%:z"
    };
    time.strftime(layout).to_string()
}
