//! Configurations for unit tests, with times that the loader would not let through.

use std::time::Duration;

use herder_config::{
    Config, FifoLimit, Filters, Group, LogLevel, LogTimeFormat, LogToStdout, Model, Performance, Router,
    Scheduler, SchedulerStrategy, Timeouts,
};
use indexmap::IndexMap;

/// A model that runs `cmd`, is ready at once and answers at `proxy`.
pub(crate) fn model(cmd: &str, proxy: &str) -> Model {
    Model {
        cmd: cmd.to_owned(),
        cmd_stop: String::new(),
        sensitive: Vec::new(),
        proxy: proxy.to_owned(),
        port: None,
        aliases: Vec::new(),
        env: Vec::new(),
        check_endpoint: None,
        health_check_timeout: Duration::from_secs(120),
        ttl: None,
        unload_timeout: Duration::from_secs(10),
        unlisted: false,
        use_model_name: String::new(),
        name: String::new(),
        description: String::new(),
        concurrency_limit: 10,
        queue_limit: None,
        load_time: None,
        prefetch: true,
        filters: Filters::default(),
        metadata: IndexMap::new(),
        send_loading_state: false,
        timeouts: Timeouts {
            connect: Some(Duration::from_secs(30)),
            keepalive: Some(Duration::from_secs(30)),
            response_header: None,
            tls_handshake: Some(Duration::from_secs(10)),
            expect_continue: Some(Duration::from_secs(1)),
            idle_connection: Some(Duration::from_secs(90)),
        },
        ignore_websockets: false,
        preserve_host: false,
        capabilities: None,
    }
}

/// A configuration of these models, in order of id, which exclude each other.
pub(crate) fn config(models: impl IntoIterator<Item = (&'static str, Model)>) -> Config {
    let models: IndexMap<String, Model> = models
        .into_iter()
        .map(|(id, model)| (id.to_owned(), model))
        .collect();
    let group = Group {
        swap: true,
        exclusive: true,
        persistent: false,
        members: models.keys().cloned().collect(),
    };
    Config {
        health_check_timeout: Duration::from_secs(120),
        log_level: LogLevel::Debug,
        log_time_format: LogTimeFormat::None,
        log_to_stdout: LogToStdout::Proxy,
        metrics_max_in_memory: 1000,
        capture_buffer_mib: 0,
        max_body_bytes: 1 << 20,
        store: None,
        session_id_headers: Vec::new(),
        performance: Performance {
            disabled: true,
            every: Duration::from_secs(5),
        },
        start_port: 5800,
        global_ttl: None,
        unload_timeout: Duration::from_secs(10),
        send_loading_state: false,
        loading_remarks: true,
        include_aliases_in_list: false,
        api_keys: Vec::new(),
        aliases: IndexMap::new(),
        profiles: IndexMap::new(),
        selectors: IndexMap::new(),
        peers: IndexMap::new(),
        preload: Vec::new(),
        upstream_ignore_paths: vec!["\\.css$".to_owned()],
        router: Router::Group(IndexMap::from([("(default)".to_owned(), group)])),
        scheduler: Scheduler {
            strategy: SchedulerStrategy::Fifo {
                limit: FifoLimit::Arrival,
            },
            priority: IndexMap::new(),
        },
        models,
    }
}
