//! The store, its queries and its statistics, without the rest of herder.

use std::path::Path;

use axum::http::HeaderMap;
use herder_core::{Mean, ModelCosts};
use herder_testkit::{PATIENCE, poll_until, wait_until};
use herder_wire::usage::Usage;
use jiff::Timestamp;

use super::queue::QUEUE_LENGTH;
use super::*;
use crate::activity::capture;
use crate::activity::costs::{self, KeptCosts};
use crate::activity::query::{Page, Query, Sort};
use crate::activity::schema::UNINDEXED_ROWS;
use crate::activity::statistics::Statistics;
use crate::fixtures;

fn logs() -> Arc<Logs> {
    Arc::new(Logs::new(&fixtures::config([])))
}

fn in_memory(rows: u64) -> Store {
    Store::open(&settings(None, Some(rows)), logs()).unwrap()
}

/// Settings of a store that keeps so many rows, and captures.
fn settings(path: Option<&Path>, rows: Option<u64>) -> Settings {
    Settings {
        path: path.map(Path::to_owned),
        retention: Retention { rows, age: None },
        capture_budget: 1 << 20,
    }
}

fn row(model: &str) -> Row {
    Row {
        model: model.to_owned(),
        created: Timestamp::now().as_second(),
        ..Row::default()
    }
}

async fn page(store: &Store, query: Query) -> Page {
    store
        .query(move |connection| query.run(connection))
        .await
        .unwrap()
}

async fn ids(store: &Store, query: Query) -> Vec<i64> {
    page(store, query)
        .await
        .data
        .iter()
        .map(|entry| entry.id)
        .collect()
}

async fn wait_for(store: &Store, newest: i64) {
    poll_until(PATIENCE, &format!("row {newest} appears"), async || {
        (ids(store, Query::default()).await.first() == Some(&newest)).then_some(())
    })
    .await;
}

#[tokio::test]
async fn row_108_filters_pages_and_order() {
    let store = in_memory(1000);
    for model in ["m", "n", "m", "o"] {
        store.insert(row(model), None);
    }
    wait_for(&store, 4).await;
    let table = [
        (
            Query {
                models: vec!["m".into(), "o".into()],
                ..Query::default()
            },
            vec![4, 3, 1],
        ),
        (
            Query {
                min_id: Some(2),
                max_id: Some(3),
                ..Query::default()
            },
            vec![3, 2],
        ),
        (
            Query {
                limit: 1,
                page: 2,
                ascending: true,
                ..Query::default()
            },
            vec![2],
        ),
        (
            Query {
                page: 9,
                ..Query::default()
            },
            vec![],
        ),
        (
            Query {
                page: u64::MAX,
                ..Query::default()
            },
            vec![],
        ),
        (
            Query {
                start: Some(i64::MAX),
                ..Query::default()
            },
            vec![],
        ),
        (
            Query {
                end: Some(0),
                ..Query::default()
            },
            vec![],
        ),
        (
            Query {
                sort: Sort::named("model").unwrap(),
                ..Query::default()
            },
            vec![4, 2, 3, 1],
        ),
        (
            Query {
                sort: Sort::named("model").unwrap(),
                ascending: true,
                ..Query::default()
            },
            vec![1, 3, 2, 4],
        ),
    ];
    for (query, expected) in table {
        assert_eq!(ids(&store, query.clone()).await, expected, "{query:?}");
    }
    let second = page(
        &store,
        Query {
            limit: 3,
            page: 2,
            ..Query::default()
        },
    )
    .await;
    assert_eq!((second.total, second.total_pages, second.data.len()), (4, 2, 1));
}

#[tokio::test]
async fn every_sort_column_exists() {
    let store = in_memory(9);
    for name in [
        "id",
        "time",
        "model",
        "req_path",
        "resp_status_code",
        "resp_content_type",
        "cached",
        "prompt",
        "generated",
        "drafted",
        "prompt_speed",
        "gen_speed",
        "duration",
    ] {
        let sort = Sort::named(name).unwrap_or_else(|| panic!("{name}"));
        assert_eq!(
            ids(
                &store,
                Query {
                    sort,
                    ..Query::default()
                }
            )
            .await,
            [0_i64; 0],
            "{name}"
        );
    }
    assert_eq!(Sort::named("ts_created"), None);
}

#[tokio::test]
async fn row_111_rates_become_a_histogram() {
    let store = in_memory(1000);
    for (model, rate) in [("m", 150.0), ("m", 80.0), ("m", 180.0), ("n", 7.0), ("n", 7.0)] {
        let usage = Usage {
            input: 10,
            output: 2,
            cached: (model == "m").then_some(1),
            prompt_per_second: Some(rate),
            ..Usage::default()
        };
        let row = Row {
            usage: Some(usage),
            ..row(model)
        };
        store.insert(row, None);
    }
    store.insert(row("m"), None);
    wait_for(&store, 6).await;
    let statistics = |model: Option<&'static str>| store.query(move |db| Statistics::read(db, model));
    let of_m = statistics(Some("m")).await.unwrap();
    assert_eq!(
        (
            of_m.total_requests,
            of_m.total_input_tokens,
            of_m.total_output_tokens,
            of_m.total_cache_tokens
        ),
        (4, 30, 6, 3)
    );
    let histogram = of_m.prompt_histogram.unwrap();
    assert_eq!(histogram.bins, [1, 0, 0, 1, 1]);
    assert_eq!(
        (histogram.min, histogram.max, histogram.bin_size),
        (80.0, 180.0, 20.0)
    );
    assert_eq!(histogram.p50, 150.0);
    assert!((histogram.p95 - 177.0).abs() < 1e-9 && (histogram.p99 - 179.4).abs() < 1e-9);
    assert_eq!(of_m.gen_histogram, None);
    let of_n = statistics(Some("n")).await.unwrap().prompt_histogram.unwrap();
    assert_eq!((of_n.bins, of_n.bin_size, of_n.p99), (vec![2], 0.0, 7.0));
    assert_eq!(statistics(None).await.unwrap().total_requests, 6);
}

#[tokio::test]
async fn row_112_memory_keeps_the_newest_rows() {
    let store = in_memory(2);
    let mut stored = store.watch();
    for _ in 0..5 {
        store.insert(row("m"), None);
    }
    for id in 1..=5 {
        let next = tokio::time::timeout(PATIENCE, stored.recv()).await;
        assert_eq!(next.unwrap().unwrap(), id);
    }
    assert_eq!(ids(&store, Query::default()).await, [5, 4]);
}

#[tokio::test]
async fn row_113_a_file_keeps_its_rows_within_its_limits() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("activity.db");
    let open = |retention| {
        let settings = Settings {
            retention,
            ..settings(Some(&path), None)
        };
        Store::open(&settings, logs()).unwrap()
    };
    let store = open(Retention::default());
    let old = Timestamp::now().as_second() - 7200;
    for number in 0..6 {
        let created = if number < 2 { old } else { old + 7200 };
        store.insert(Row { created, ..row("m") }, None);
    }
    store.close(PATIENCE);
    drop(store);
    let mode: String = Connection::open(&path)
        .unwrap()
        .query_row("PRAGMA journal_mode", [], |row| row.get(0))
        .unwrap();
    assert_eq!(mode, "wal");

    let store = open(Retention::default());
    assert_eq!(ids(&store, Query::default()).await, [6, 5, 4, 3, 2, 1]);
    store.close(PATIENCE);
    let store = open(Retention {
        rows: None,
        age: Some(Duration::from_secs(3600)),
    });
    store.close(PATIENCE);
    assert_eq!(ids(&store, Query::default()).await, [6, 5, 4, 3]);
    let store = open(Retention {
        rows: Some(2),
        age: None,
    });
    store.insert(row("m"), None);
    store.close(PATIENCE);
    assert_eq!(ids(&store, Query::default()).await, [7, 6]);
}

#[tokio::test]
async fn a_disk_that_hangs_costs_rows_and_nothing_else() {
    let logs = logs();
    let store = Store::open(&Settings::default(), Arc::clone(&logs)).unwrap();
    let reader = store.view().reader;
    let hanging = reader.connection.lock();
    // One batch that hangs, a queue behind it, and some more.
    let rows = 2 * QUEUE_LENGTH + 10;
    let before = Instant::now();
    for _ in 0..rows {
        store.insert(row("m"), None);
    }
    assert!(before.elapsed() < PATIENCE);
    let lost = store.current.load().shared.lost.load(Ordering::Relaxed);
    assert!((1..=rows as u64).contains(&lost), "{lost}");
    drop(hanging);
    let stored = rows as u64 - lost;
    wait_for(&store, i64::try_from(stored).unwrap()).await;
    store.close(PATIENCE);
    let log = String::from_utf8_lossy(&logs.proxy().history()).into_owned();
    assert!(log.contains("the store does not keep up"), "{log}");
    assert!(log.contains(&format!("{lost} requests went unrecorded")), "{log}");
}

#[tokio::test]
async fn what_comes_after_the_end_is_said_once_and_fills_no_queue() {
    let logs = logs();
    let store = Store::open(&Settings::default(), Arc::clone(&logs)).unwrap();
    store.close(PATIENCE);
    for _ in 0..=QUEUE_LENGTH {
        store.insert(row("m"), None);
    }
    let log = String::from_utf8_lossy(&logs.proxy().history()).into_owned();
    assert_eq!(log.matches("the store has ended").count(), 1, "{log}");
    assert!(!log.contains("keep up"), "{log}");
}

#[test]
fn a_writer_that_panics_ends_its_queue() {
    let store = in_memory(9);
    let database = store.current.load();
    let queue = Arc::new(Queue::default());
    let writer = Writer::new(
        Arc::clone(&database.reader.connection),
        Arc::clone(&database.shared),
        Arc::clone(&queue),
        true,
    );
    let panicked = thread::spawn(move || {
        let _writer = writer;
        panic!("as a bug in it would");
    });
    panicked.join().unwrap_err();
    let record = Record {
        row: row("m"),
        capture: None,
    };
    assert_eq!(queue.push(record).unwrap_err(), Refusal::Ended);
}

#[tokio::test]
async fn many_rows_in_memory_have_indexes_and_few_have_none() {
    let store = in_memory(UNINDEXED_ROWS);
    let table = [
        (Some(UNINDEXED_ROWS), 0),
        (Some(UNINDEXED_ROWS + 1), 2),
        (None, 2),
        (Some(1), 0),
    ];
    for (newest, (rows, expected)) in (1..).zip(table) {
        store.apply(store.prepare(settings(None, rows)).unwrap());
        // Written together with the change, or after it.
        store.insert(row("m"), None);
        wait_for(&store, newest).await;
        let count = |db: &Connection| {
            let sql = "SELECT COUNT(*) FROM sqlite_schema WHERE type = 'index' AND tbl_name = 'activity'";
            db.query_row(sql, [], |row| row.get::<_, i64>(0))
        };
        assert_eq!(store.query(count).await.unwrap(), expected, "{rows:?}");
    }
}

#[tokio::test]
async fn a_failing_disk_is_said_once_and_forgiven() {
    let logs = logs();
    let store = Store::open(&Settings::default(), Arc::clone(&logs)).unwrap();
    let rename = |from: &str, to: &str| {
        let sql = format!("ALTER TABLE {from} RENAME TO {to}");
        let reader = store.view().reader;
        reader.connection.lock().execute_batch(&sql).unwrap();
    };
    // The thread has pruned at its start.
    store.insert(row("m"), None);
    wait_for(&store, 1).await;
    rename("activity", "elsewhere");
    store.insert(row("m"), None);
    let text = || String::from_utf8_lossy(&logs.proxy().history()).into_owned();
    wait_until(PATIENCE, "the log says so", || {
        text().contains("requests go unrecorded")
    })
    .await;
    rename("elsewhere", "activity");
    store.insert(row("m"), None);
    store.close(PATIENCE);
    assert!(
        text().contains("the store works again; 1 requests went unrecorded"),
        "{}",
        text()
    );
    assert_eq!(ids(&store, Query::default()).await, [2, 1]);
}

#[tokio::test]
async fn a_long_load_does_not_make_the_store_grow() {
    let store = in_memory(1000);
    let mut stored = store.watch();
    let mut sizes = Vec::new();
    // An hour of 100 requests a second takes too long here; what would grow grows with the rows that have left.
    for burst in 1..=40 {
        for _ in 0..250 {
            store.insert(row("a-model-with-a-name"), None);
        }
        while tokio::time::timeout(PATIENCE, stored.recv())
            .await
            .unwrap()
            .unwrap()
            < burst * 250
        {}
        let pages = |db: &Connection| db.query_row("PRAGMA page_count", [], |row| row.get::<_, i64>(0));
        sizes.push(store.query(pages).await.unwrap());
    }
    assert_eq!(page(&store, Query::default()).await.total, 1000);
    let (early, late) = (sizes[9], sizes[39]);
    assert!(late <= early + early / 10, "{sizes:?}");
}

/// The end of a request whose answer has so many bytes that do not shrink, as the store gets it.
fn captured(store: &Store, bytes: u32) -> Option<Finished> {
    let mut draft = capture::Draft::begin(&*store.captures()?, "/v1/x", &HeaderMap::new());
    draft.answered(&HeaderMap::new());
    let noise = |number: u32| number.wrapping_mul(2_654_435_761).to_be_bytes()[0];
    let answer: Vec<u8> = (0..bytes).map(noise).collect();
    draft.response(&answer);
    draft.finish(true)
}

fn kept_captures(store: &Store, ids: std::ops::RangeInclusive<i64>) -> Vec<i64> {
    let view = store.view();
    ids.filter(|id| view.captures().contains(*id)).collect()
}

#[tokio::test]
async fn config_1_4_rows_and_captures_survive_when_the_path_stays() {
    let folder = tempfile::tempdir().unwrap();
    for path in [None, Some(folder.path().join("activity.db"))] {
        let path = path.as_deref();
        let store = Store::open(&settings(path, None), logs()).unwrap();
        let mut stored = store.watch();
        for _ in 1..=3 {
            store.insert(row("m"), captured(&store, 10));
        }
        wait_for(&store, 3).await;
        store.apply(store.prepare(settings(path, Some(100))).unwrap());
        assert_eq!(ids(&store, Query::default()).await, [3, 2, 1]);
        assert_eq!(kept_captures(&store, 1..=3), [1, 2, 3]);
        store.insert(row("m"), None);
        for id in 1..=4 {
            assert_eq!(stored.recv().await.unwrap(), id, "the stream of ids goes on");
        }
        store.close(PATIENCE);
    }
}

/// Two databases on one file lock each other out.
#[cfg(unix)]
#[tokio::test]
async fn config_1_4_a_path_spelled_otherwise_is_the_same_path() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    std::os::unix::fs::symlink("a.db", path("link.db")).unwrap();
    let store = Store::open(&settings(Some(&path("a.db")), None), logs()).unwrap();
    store.insert(row("m"), captured(&store, 10));
    wait_for(&store, 1).await;
    for (round, name) in ["link.db", "../here/a.db", "a.db"].into_iter().enumerate() {
        let path = path(&name.replace("here", &folder.path().file_name().unwrap().to_string_lossy()));
        store.apply(store.prepare(settings(Some(&path), None)).unwrap());
        assert_eq!(
            kept_captures(&store, 1..=1),
            [1],
            "{round}: the store has not changed"
        );
    }
}

#[tokio::test]
async fn config_1_4_a_smaller_limit_deletes_at_once() {
    let store = in_memory(1000);
    let old = Timestamp::now().as_second() - 7200;
    store.insert(
        Row {
            created: old,
            ..row("m")
        },
        None,
    );
    for _ in 2..=5 {
        store.insert(row("m"), None);
    }
    wait_for(&store, 5).await;
    let table = [
        (
            Retention {
                rows: None,
                age: Some(Duration::from_secs(3600)),
            },
            vec![5, 4, 3, 2],
        ),
        (
            Retention {
                rows: Some(2),
                age: None,
            },
            vec![5, 4],
        ),
        (
            Retention {
                rows: Some(9),
                age: None,
            },
            vec![5, 4],
        ),
    ];
    for (retention, expected) in table {
        let change = Settings {
            retention,
            ..settings(None, None)
        };
        store.apply(store.prepare(change).unwrap());
        poll_until(PATIENCE, &format!("{retention:?} holds"), async || {
            (ids(&store, Query::default()).await == expected).then_some(())
        })
        .await;
    }
    store.insert(row("m"), None);
    wait_for(&store, 6).await;
    assert_eq!(
        ids(&store, Query::default()).await,
        [6, 5, 4],
        "the new limit counts"
    );
}

#[tokio::test]
async fn config_1_4_a_smaller_capture_budget_evicts_and_none_drops_all() {
    let store = in_memory(1000);
    let with_budget = |capture_budget| Settings {
        capture_budget,
        ..settings(None, None)
    };
    for _ in 1..=3 {
        store.insert(row("m"), captured(&store, 1000));
    }
    // Was begun while there was room.
    let late = captured(&store, 1000);
    wait_for(&store, 3).await;
    assert_eq!(kept_captures(&store, 1..=3), [1, 2, 3]);
    store.apply(store.prepare(with_budget(2000)).unwrap());
    assert_eq!(kept_captures(&store, 1..=3), [2, 3]);
    store.apply(store.prepare(with_budget(0)).unwrap());
    assert!(store.captures().is_none(), "nobody collects any more");
    store.insert(row("m"), late);
    wait_for(&store, 4).await;
    assert_eq!(kept_captures(&store, 1..=4), [0_i64; 0]);
    store.apply(store.prepare(with_budget(1 << 20)).unwrap());
    store.insert(row("m"), captured(&store, 1000));
    wait_for(&store, 5).await;
    assert_eq!(kept_captures(&store, 1..=5), [5]);
}

#[tokio::test]
async fn config_1_4_another_path_is_another_database() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let (one, other) = (path("one.db"), path("other.db"));
    let store = Store::open(&settings(Some(&one), None), logs()).unwrap();
    let mut stored = store.watch();
    store.insert(row("before"), captured(&store, 10));
    wait_for(&store, 1).await;
    let view = store.view();

    let change = store.prepare(settings(Some(&other), None)).unwrap();
    store.insert(row("before"), None);
    store.apply(change);
    assert_eq!(
        kept_captures(&store, 1..=2),
        [0_i64; 0],
        "they belong to other rows"
    );
    store.insert(row("after"), None);
    wait_for(&store, 1).await;
    for id in [1, 2, 1] {
        assert_eq!(stored.recv().await.unwrap(), id, "the stream of ids goes on");
    }
    let old = view
        .query(|connection| Query::default().run(connection))
        .await
        .unwrap();
    assert_eq!(old.total, 2, "who reads the old one goes on");
    assert!(view.captures().contains(1));

    // To memory, and back to what was written.
    store.apply(store.prepare(settings(None, None)).unwrap());
    assert_eq!(page(&store, Query::default()).await.total, 0);
    store.apply(store.prepare(settings(Some(&one), None)).unwrap());
    assert_eq!(ids(&store, Query::default()).await, [2, 1]);
}

#[tokio::test]
async fn config_1_4_a_change_that_fails_or_is_dropped_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let no_database = folder.path().join("text.db");
    std::fs::write(&no_database, "this is a text of a person\n".repeat(100)).unwrap();
    let full = folder.path().join("full.db");
    let earlier = Store::open(&settings(Some(&full), None), logs()).unwrap();
    for _ in 0..5 {
        earlier.insert(row("m"), None);
    }
    earlier.close(PATIENCE);

    let store = in_memory(1000);
    store.insert(row("m"), None);
    wait_for(&store, 1).await;
    let error = store.prepare(settings(Some(&no_database), Some(0))).unwrap_err();
    assert!(error.to_string().contains("text.db"), "{error}");
    let dropped = store.prepare(settings(Some(&full), Some(1))).unwrap();
    drop(dropped);
    store.insert(row("m"), None);
    wait_for(&store, 2).await;
    let reopened = Store::open(&settings(Some(&full), None), logs()).unwrap();
    assert_eq!(
        page(&reopened, Query::default()).await.total,
        5,
        "nothing was deleted"
    );
}

#[tokio::test]
async fn no_row_is_lost_while_databases_change() {
    // Together less than the queue takes.
    const WRITERS: u32 = 4;
    const ROWS: u32 = 200;
    let folder = tempfile::tempdir().unwrap();
    let path = |number: u64| folder.path().join(format!("{number}.db"));
    let store = Arc::new(Store::open(&settings(Some(&path(0)), None), logs()).unwrap());
    let writers: Vec<_> = (0..WRITERS)
        .map(|_| {
            let store = Arc::clone(&store);
            thread::spawn(move || {
                for _ in 0..ROWS {
                    store.insert(row("m"), None);
                    thread::yield_now();
                }
            })
        })
        .collect();
    let mut changes = 0;
    while changes < 3 || !writers.iter().all(thread::JoinHandle::is_finished) {
        changes += 1;
        store.apply(store.prepare(settings(Some(&path(changes)), None)).unwrap());
    }
    for writer in writers {
        writer.join().unwrap();
    }
    store.close(PATIENCE);
    let count = |number| {
        let connection = Connection::open(path(number)).unwrap();
        let count = connection.query_row("SELECT COUNT(*) FROM activity", [], |row| row.get(0));
        count.unwrap()
    };
    let rows: Vec<u32> = (0..=changes).map(count).collect();
    assert_eq!(rows.iter().sum::<u32>(), WRITERS * ROWS, "{rows:?}");
}

/// What was measured is there again when the file is opened again; what is written later replaces it.
#[tokio::test]
async fn costs_of_models_are_kept_over_restarts() {
    fn kept(model: &str, seconds: u64, count: u32) -> KeptCosts {
        let mean = |scale: u64| Mean {
            mean: Duration::from_millis(1_500 * scale * seconds),
            count,
        };
        KeptCosts {
            model: model.to_owned(),
            costs: ModelCosts {
                load: mean(1),
                stop: mean(2),
                service: mean(3),
            },
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("activity.db");
    let settings = settings(Some(&path), None);
    let store = Store::open(&settings, logs()).unwrap();
    store.keep_costs(vec![kept("b", 1, 1), kept("a", 2, 2)]);
    store.keep_costs(vec![kept("b", 3, 4)]);
    store.close(PATIENCE);
    let store = Store::open(&settings, logs()).unwrap();
    let found = store.query(costs::read).await.unwrap();
    assert_eq!(found, [kept("a", 2, 2), kept("b", 3, 4)]);
}
