//! Whether a process that was started with some settings can go on under others.

use herder_config::Model;
use herder_core::ModelState;

/// Whether the process of a model, in this state, that was started with `started`, is one that `wanted` would start.
///
/// Everything else about a model concerns its requests, and counts for the next one.
pub(super) fn fits(started: &Model, wanted: &Model, state: ModelState) -> bool {
    // Every field is named here, so that nobody adds one without saying what it means for a process.
    let Model {
        cmd,
        cmd_stop,
        env,
        // Another address: whether a server answers there is not known.
        proxy,
        check_endpoint,
        // A number in `cmd`, which is compared.
        port: _,
        // What is masked where the process is shown.
        sensitive: _,
        // The core decides by these.
        health_check_timeout: _,
        ttl: _,
        unload_timeout: _,
        concurrency_limit: _,
        queue_limit: _,
        load_time: _,
        // What is read before there is a process.
        prefetch: _,
        // Edits and names of requests.
        aliases: _,
        use_model_name: _,
        filters: _,
        send_loading_state: _,
        ignore_websockets: _,
        // Connections are made anew, with the same process.
        timeouts: _,
        preserve_host: _,
        // What lists say.
        unlisted: _,
        name: _,
        description: _,
        metadata: _,
        capabilities: _,
    } = started;
    let same_process =
        *cmd == wanted.cmd && *cmd_stop == wanted.cmd_stop && *env == wanted.env && *proxy == wanted.proxy;
    // Nobody asks the endpoint of a server that is ready.
    let same_check = *check_endpoint == wanted.check_endpoint || state != ModelState::Starting;
    same_process && same_check
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use herder_config::{Port, Secret};

    use super::*;
    use crate::fixtures::model;

    #[test]
    fn c3_what_concerns_requests_keeps_the_process() {
        type Edit = fn(&mut Model);
        let table: [(Edit, bool, bool); 19] = [
            (|_| {}, true, true),
            (|model| model.cmd.push_str(" -x"), false, false),
            (|model| model.cmd_stop = "stop".to_owned(), false, false),
            (|model| model.env = vec!["A=b".to_owned()], false, false),
            (|model| model.proxy = "http://h:2".to_owned(), false, false),
            (|model| model.check_endpoint = Some("/up".to_owned()), true, false),
            (|model| model.sensitive = vec![Secret::new("s")], true, true),
            (
                |model| model.port = Some(Port { number: 1, start: 1 }),
                true,
                true,
            ),
            (|model| model.ttl = Some(Duration::ZERO), true, true),
            (|model| model.unload_timeout = Duration::ZERO, true, true),
            (|model| model.health_check_timeout = Duration::ZERO, true, true),
            (|model| model.concurrency_limit = 1, true, true),
            (|model| model.prefetch = false, true, true),
            (|model| model.aliases = vec!["b".to_owned()], true, true),
            (
                |model| model.filters.strip_params = vec!["x".to_owned()],
                true,
                true,
            ),
            (|model| model.timeouts.connect = None, true, true),
            (|model| model.preserve_host = true, true, true),
            (|model| model.name = "n".to_owned(), true, true),
            (|model| model.send_loading_state = true, true, true),
        ];
        let started = model("serve", "http://h:1");
        for (row, (edit, ready, starting)) in table.into_iter().enumerate() {
            let mut wanted = started.clone();
            edit(&mut wanted);
            assert_eq!(fits(&started, &wanted, ModelState::Ready), ready, "{row}");
            assert_eq!(fits(&started, &wanted, ModelState::Starting), starting, "{row}");
        }
    }
}
