// Generated from docs/openapi.json by `npm run types`. Do not edit.

export type paths = Record<string, never>;
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /** @description A GPU or the like. */
        Accelerator: {
            /** @description Its generation. */
            architecture: string | null;
            /** @description What drives it. */
            driver: components["schemas"]["Versioned"] | null;
            /**
             * Format: uint
             * @description Its place in the list.
             */
            index: number;
            /**
             * @description Its kind.
             * @enum {string}
             */
            kind: "gpu" | "npu" | "other";
            /** @description The memory that it uses. */
            memory: components["schemas"]["AcceleratorMemory"];
            /** @description What it is called. */
            model: string | null;
            /**
             * Format: double
             * @description What it may draw.
             */
            power_limit_watts: number | null;
            /** @description Who makes it. */
            vendor: string | null;
        };
        /** @description The memory of an accelerator. */
        AcceleratorMemory: {
            /**
             * Format: uint64
             * @description `null` or more than 0.
             */
            capacity_bytes: number | null;
            /**
             * @description Whose it is.
             * @enum {string}
             */
            kind: "dedicated" | "unified" | "shared_system" | "unknown";
        };
        /** @description The profile that counts for new requests. */
        ActiveProfile: {
            /** @description Its id; `null` for none. */
            active: string | null;
        };
        /** @description A stored request, as the API lists it. */
        ActivityEntry: {
            /**
             * Format: int64
             * @description Milliseconds from arrival to the end, waiting and loading included.
             */
            duration_ms: number;
            /** @description Why it failed; absent when it did not. */
            error_msg?: string;
            /**
             * Format: int64
             * @description Milliseconds from arrival until the body of the answer began: with a stream, until its first token. Absent when it never did, and when nobody measured it. A field of herder.
             */
            first_byte_ms?: number | null;
            /** @description Whether request and answer can be looked at. */
            has_capture: boolean;
            /**
             * Format: int64
             * @description Its number.
             */
            id: number;
            /** @description More about it: the selector that chose the model, the priority in the queue. */
            metadata?: {
                [key: string]: unknown;
            };
            /** @description The local model's id, or the name that the client used. */
            model: string;
            /**
             * Format: int64
             * @description Milliseconds until its model got it, waiting and loading included. Absent when it never did, when a peer served it, and when nobody measured it. A field of herder.
             */
            queued_ms?: number | null;
            /** @description The path that the model server saw, without its query. */
            req_path: string;
            /** @description `Content-Type` of the answer. */
            resp_content_type: string;
            /**
             * Format: int64
             * @description Status of the answer; 499 when the client left before there was one.
             */
            resp_status_code: number;
            /**
             * Format: date-time
             * @description When it ended, in the server's time zone.
             */
            timestamp: string;
            /** @description What the answer said. */
            tokens: components["schemas"]["Tokens"];
        };
        /** @description One page of the list. */
        ActivityPage: {
            /** @description Its rows. */
            data: components["schemas"]["ActivityEntry"][];
            /**
             * Format: uint64
             * @description Rows of a page.
             */
            limit: number;
            /**
             * Format: uint64
             * @description Its number.
             */
            page: number;
            /**
             * Format: uint64
             * @description Rows that pass the filters.
             */
            total: number;
            /**
             * Format: uint64
             * @description Pages of them.
             */
            total_pages: number;
        };
        /** @description Kinds of input and output: `text`, `audio` and `image`. */
        Architecture: {
            /** @description Kinds of input. */
            input_modalities?: string[];
            /** @description Both in one text, such as `text+image->text`. */
            modality?: string | null;
            /** @description Kinds of output. */
            output_modalities?: string[];
        };
        /** @description A model that has a process, and how busy it is. */
        BusyModel: {
            /**
             * Format: uint32
             * @description Requests that it serves.
             */
            in_flight: number;
            /** @description Its id. */
            model: string;
            /**
             * @description What its process is doing.
             * @enum {string}
             */
            state: "stopped" | "starting" | "ready" | "stopping";
            /**
             * Format: uint32
             * @description Requests that wait for it.
             */
            waiting: number;
        };
        /** @description A request and its answer, without secrets. */
        Capture: {
            /**
             * Format: int64
             * @description Number of its row in the activity.
             */
            id: number;
            /** @description Base64; `null` when it is not kept. */
            req_body: string | null;
            /** @description By name. */
            req_headers: {
                [key: string]: string;
            };
            /** @description The path that the model server saw. */
            req_path: string;
            /** @description Base64, decompressed; `null` when it is not kept. */
            resp_body: string | null;
            /** @description By name. */
            resp_headers: {
                [key: string]: string;
            };
        };
        /** @description The configuration in use. */
        Configuration: {
            /** @description In the order in which they are merged. */
            files: components["schemas"]["ConfigurationFile"][];
            /** @description The last reload since herder started. */
            last_reload: components["schemas"]["LastReload"] | null;
            /**
             * Format: date-time
             * @description When it was taken over.
             */
            loaded_at: string;
            /** @description What works, but probably not as meant; and what needs a restart. */
            warnings: components["schemas"]["Finding"][];
            /** @description Whether changes of the files are noticed by themselves (`-watch-config`). */
            watched: boolean;
            /** @description The effective configuration: merged, macros expanded, defaults filled in. Secrets are `***`. Of a very long one only the first lines are here, and a comment says so. */
            yaml: string;
        };
        /** @description A file of the configuration. */
        ConfigurationFile: {
            /**
             * Format: date-time
             * @description When it was written last, as it is now; `null` when it is gone, or cannot be asked.
             */
            modified: string | null;
            /** @description As it was named on the command line, or below the directory that was. */
            path: string;
        };
        /** @description The processors. */
        Cpu: {
            /**
             * Format: uint
             * @description What runs at once.
             */
            logical_thread_count: number | null;
            /** @description What it is called. */
            model: string | null;
            /**
             * Format: uint
             * @description Cores.
             */
            physical_core_count: number | null;
            /**
             * Format: uint
             * @description Processors as one buys them.
             */
            socket_count: number | null;
            /** @description Who makes it. */
            vendor: string | null;
        };
        /** @description It is done. */
        Done: {
            /** @description Always `ok`. */
            msg: string;
        };
        /** @description What the machine runs in. */
        Environment: {
            /**
             * @description Its kind.
             * @enum {string}
             */
            kind: "native" | "container" | "virtual_machine" | "wsl" | "other" | "unknown";
            /** @description Its name, such as `docker`. */
            name: string | null;
            /** @description Its version. */
            version: string | null;
        };
        /** @description An error of herder's own. Errors of model servers are passed on as they are. */
        Error: {
            /** @description What has happened. */
            error: components["schemas"]["ErrorDescription"];
            /** @description Always `llama-swap`, which is what clients look for. */
            src: string;
        };
        /** @description What has happened, in the words of the OpenAI API. */
        ErrorDescription: {
            /** @description For programs, such as `not_found` or `queue_full`. */
            code: string;
            /** @description For people. */
            message: string;
            /** @description Always `null`. */
            param: string | null;
            /**
             * @description Whose fault it is.
             * @enum {string}
             */
            type: "invalid_request_error" | "authentication_error" | "rate_limit_error" | "server_error";
        };
        /** @description What is sent behind `data:`. */
        Event: {
            data: string;
            /** @constant */
            type: "modelStatus";
        } | {
            data: string;
            /** @constant */
            type: "logData";
        } | {
            data: string;
            /** @constant */
            type: "activity";
        } | {
            data: string;
            /** @constant */
            type: "inflight";
        } | {
            data: string;
            /** @constant */
            type: "uiConfig";
        } | {
            data: string;
            /** @constant */
            type: "profileChanged";
        };
        /** @description What `herder check` would say. */
        Finding: {
            /**
             * Format: uint
             * @description Column in characters, from 1.
             */
            column: number | null;
            /** @description Where it is, as the user named the file. */
            file: string | null;
            /** @description What to do about it. */
            hint: string | null;
            /**
             * Format: uint
             * @description Line, from 1.
             */
            line: number | null;
            /** @description What it is about. */
            message: string;
            /** @description `warning`: the configuration works, but probably not as meant. `error`: it cannot be used. */
            severity: string;
        };
        /** @description One look at one GPU. Unknown numbers are 0. */
        GpuSample: {
            /**
             * Format: uint32
             * @description Percent of its fan's full speed.
             */
            fan_speed_pct: number;
            /**
             * Format: uint32
             * @description Percent of time that it was busy, 0 to 100.
             */
            gpu_util_pct: number;
            /**
             * Format: uint32
             * @description The number that the vendor's tool gives it.
             */
            id: number;
            /**
             * Format: uint64
             * @description In MiB, rounded down.
             */
            mem_total_mb: number;
            /**
             * Format: uint64
             * @description In MiB, rounded down.
             */
            mem_used_mb: number;
            /**
             * Format: uint32
             * @description Percent of its memory that is in use.
             */
            mem_util_pct: number;
            /** @description What it is called. */
            name: string;
            /**
             * Format: double
             * @description Watts.
             */
            power_draw_w: number;
            /**
             * Format: uint32
             * @description Degrees Celsius.
             */
            temp_c: number;
            /**
             * Format: date-time
             * @description When; the same for all GPUs of one look.
             */
            timestamp: string;
            /** @description What it is, over restarts; empty when the source does not say. */
            uuid: string;
            /**
             * Format: uint32
             * @description Degrees Celsius of its memory.
             */
            vram_temp_c: number;
        };
        /** @description What is known of the machine. */
        Hardware: {
            /** @description GPUs and the like. */
            accelerators: components["schemas"]["Accelerator"][];
            /** @description Of the processors. */
            architecture: components["schemas"]["ProcessorArchitecture"];
            /** @description How it was taken. */
            capture: components["schemas"]["HardwareCapture"];
            /**
             * Format: date-time
             * @description When, in UTC.
             */
            captured_at: string;
            /** @description The processors. */
            cpu: components["schemas"]["Cpu"];
            /** @description What it runs in. */
            environment: components["schemas"]["Environment"];
            /** @description The main memory. */
            memory: components["schemas"]["Memory"];
            /** @description What runs on it. */
            operating_system: components["schemas"]["OperatingSystem"];
            /**
             * Format: uint32
             * @description Of this shape: 1.
             */
            schema_version: number;
        };
        /** @description How the snapshot was taken. */
        HardwareCapture: {
            /** @description Who looked. */
            detector: components["schemas"]["Versioned"];
            /** @description Always `detected`. */
            method: string;
            /** @description Always `inference_host`. */
            scope: string;
        };
        /** @description How rates are spread. */
        Histogram: {
            /** @description Rates in each bin; bins have the same width from `min` to `max`, the upper edge belongs to the last. */
            bins: number[];
            /**
             * Format: double
             * @description Width of a bin; 0 when all rates are the same.
             */
            binSize: number;
            /**
             * Format: double
             * @description The largest rate.
             */
            max: number;
            /**
             * Format: double
             * @description The smallest rate.
             */
            min: number;
            /**
             * Format: double
             * @description The median.
             */
            p50: number;
            /**
             * Format: double
             * @description 95 % are at most this.
             */
            p95: number;
            /**
             * Format: double
             * @description 99 % are at most this.
             */
            p99: number;
        };
        /** @description The open requests, or how they have changed. */
        InFlight: {
            /** @constant */
            operation: "snapshot";
            /** @description The oldest first; absent when there are none. */
            requests?: components["schemas"]["OpenRequest"][];
        } | {
            /** @constant */
            operation: "upsert";
            /** @description As it is now. */
            request: components["schemas"]["OpenRequest"];
        } | {
            /** @description Its number. */
            id: string;
            /** @constant */
            operation: "remove";
        };
        /** @description What went wrong last. */
        LastFailure: {
            /**
             * Format: date-time
             * @description When it was noticed.
             */
            at: string;
            /**
             * Format: uint32
             * @description Starts that have failed in a row; an unload or a reload forgets them.
             */
            failures_in_a_row: number;
            /** @description The last lines that it printed, secrets masked. */
            log_tail: string[];
            /**
             * Format: date-time
             * @description When the next start is allowed; `null` when that is now.
             */
            next_attempt_at: string | null;
            /** @description For people, secrets masked. */
            reason: string;
            /** @description `exit status 1`; `null` when no process has ended. */
            status: string | null;
        };
        /** @description How a reload ended. */
        LastReload: {
            /** @description Models that are only in the new configuration. */
            added: string[];
            /**
             * Format: date-time
             * @description When.
             */
            at: string;
            /** @description Models with other settings. */
            changed: string[];
            /** @description Why it was refused: a line for each reason, with its place. */
            error: string | null;
            outcome: components["schemas"]["ReloadOutcome"];
            /** @description Models that were only in the old one. */
            removed: string[];
            /** @description Settings outside the models that differ. */
            settings: string[];
            /** @description What asked for it; the first, if several did. */
            trigger: components["schemas"]["Trigger"];
            /**
             * Format: uint
             * @description How many warnings there were.
             */
            warnings: number;
        };
        /** @description A name that a request may ask for: a model, an alias, a model of a peer, a selector, or a pin of the active profile. */
        ListedModel: {
            /** @description What goes in and comes out. */
            architecture?: components["schemas"]["Architecture"];
            /** @description Abilities by name; what a model cannot do is not listed. */
            capabilities?: {
                [key: string]: boolean;
            };
            /**
             * Format: uint64
             * @description Tokens that fit into the context.
             */
            context_length?: number;
            /**
             * Format: uint64
             * @description Unix seconds of this request, not of the model.
             */
            created: number;
            /** @description For people. */
            description?: string;
            /** @description What a request says as its `model`. */
            id: string;
            /** @description More about it. */
            meta: components["schemas"]["ListedModelMeta"];
            /** @description For people. */
            name?: string;
            /** @description Always `model`. */
            object: string;
            /** @description Always `llama-swap`, which is what clients look for. */
            owned_by: string;
            /** @description Whether it could answer at once. */
            status: components["schemas"]["ListedModelStatus"];
            /** @description Parameters of a request that the model understands beyond the usual ones. */
            supported_parameters?: string[];
        };
        /** @description What herder knows of a name besides. */
        ListedModelMeta: {
            /** @description The configuration's `metadata`, with `type` (`model`, `alias`, `peer`, `selector` or `profile`) and what belongs to it: `aliases`, `modelID`, `peerID`, or `strategy`, `targets` and `spillover`. */
            llamaswap: {
                [key: string]: unknown;
            };
            /**
             * Format: uint64
             * @description Tokens that fit into the context.
             */
            n_ctx?: number;
        };
        /** @description Whether a model has a process. */
        ListedModelStatus: {
            /**
             * @description `loaded` or `unloaded`.
             * @enum {string}
             */
            value: "loaded" | "unloaded";
        };
        /** @description A model that was wanted ready and is. */
        LoadedModel: {
            /** @description Its id. */
            model: string;
            /**
             * Format: double
             * @description From the wish until it was ready.
             */
            seconds: number;
            /**
             * @description Always `ready`.
             * @constant
             */
            state: "ready";
        };
        /** @description What has been written into a log. */
        LogData: {
            /** @description Whether the text follows what the client had before, without a gap. Only beside `cursor`. A field of herder. */
            continues?: boolean | null;
            /** @description Where the text ends. A client that comes back adds it to the name of the log, behind a `~`. Only for logs that the client has chosen. A field of herder. */
            cursor?: string | null;
            /** @description The text; the first time all that is kept, or with a cursor what came behind it. */
            data: string;
            /** @description Which log: `proxy`, `upstream`, or `model:` and a model's id. */
            source: string;
        };
        /** @description A set of the matrix. */
        MatrixSet: {
            /** @description As it is written. */
            expression: string;
            /** @description Its name. */
            name: string;
        };
        /** @description An exponentially weighted mean. */
        MeasuredTime: {
            /**
             * Format: uint32
             * @description How often it was measured.
             */
            count: number;
            /**
             * Format: double
             * @description `null` without a measurement.
             */
            seconds: number | null;
        };
        /** @description The main memory. */
        Memory: {
            /**
             * Format: uint64
             * @description More than 0.
             */
            capacity_bytes: number;
        };
        /** @description Who may run beside a model. */
        ModelCompany: {
            /** @description A request for a member stops models of other groups. */
            exclusive: boolean;
            /** @description Its name; `(default)` holds the models of no group. */
            group: string;
            /** @constant */
            kind: "group";
            /** @description Ids. Only when one model is asked for: a list of a thousand would name each of them a thousand times. */
            members?: string[] | null;
            /** @description Never stopped by models of other groups. */
            persistent: boolean;
            /** @description Members take turns. */
            swap: boolean;
        } | {
            /**
             * Format: uint64
             * @description What it costs to stop it for another model.
             */
            evict_cost: number;
            /** @constant */
            kind: "matrix";
            /** @description The sets that it may run in, in written order; without one it runs alone. */
            sets: components["schemas"]["MatrixSet"][];
        };
        /** @description What was measured, now and by earlier runs. */
        ModelCosts: {
            /** @description From the start of its process to readiness. */
            load: components["schemas"]["MeasuredTime"];
            /** @description From the grant to the end of a request. */
            service: components["schemas"]["MeasuredTime"];
            /** @description From the order to stop until its process is gone. */
            stop: components["schemas"]["MeasuredTime"];
        };
        /** @description A model of herder's own: what the configuration says of it, and how it is. */
        ModelDetails: {
            /** @description Its other names. */
            aliases: string[];
            /** @description Abilities by name; what a model cannot do is not listed. */
            capabilities?: {
                [key: string]: boolean;
            };
            /** @description What answers with 200 when it is ready; `null` when it is ready at once. */
            check_endpoint: string | null;
            /** @description The expanded command, secrets masked. */
            cmd: string;
            /** @description The command that stops it, secrets masked; `null` for the signal. */
            cmd_stop: string | null;
            /**
             * Format: uint32
             * @description Requests that it may serve; with the scheduler `fifo` those that wait count too, unless `settings.fifo.limit` says otherwise.
             */
            concurrency_limit: number;
            /**
             * Format: uint64
             * @description Tokens that fit into the context.
             */
            context_length?: number;
            /** @description What it takes in time. */
            costs: components["schemas"]["ModelCosts"];
            /** @description For people; may be empty. */
            description: string;
            /** @description What is changed in requests to it, for people, one edit each. Values are not told. */
            filters: string[];
            /** @description Its id. */
            id: string;
            /**
             * Format: uint32
             * @description Requests that it serves.
             */
            in_flight: number;
            /** @description The last start that failed, or the process that ended by itself; `null` from the next successful load on. */
            last_failure: components["schemas"]["LastFailure"] | null;
            /** @description The configuration's own words about it; `null` for none. */
            metadata: {
                [key: string]: unknown;
            } | null;
            /** @description For people; may be empty. */
            name: string;
            /**
             * Format: uint32
             * @description The process that was started for it; `null` without one.
             */
            pid: number | null;
            /** @description Where it answers, secrets masked. */
            proxy: string;
            /**
             * Format: uint32
             * @description Requests that wait for it, in the queue or for its load.
             */
            queued: number;
            /** @description Who may run beside it. */
            residency: components["schemas"]["ModelCompany"];
            /**
             * Format: uint64
             * @description Memory of its processes, shared pages counted for each; `null` without a process, and where the system does not tell.
             */
            resident_bytes: number | null;
            /**
             * Format: date-time
             * @description When it came into this state; `null` when it has had no other since herder began.
             */
            since: string | null;
            /**
             * @description What its process is doing.
             * @enum {string}
             */
            state: "stopped" | "starting" | "ready" | "stopping";
            /**
             * Format: uint64
             * @description 0 = never unloaded for idleness.
             */
            ttl_seconds: number;
            /** @description Left out of the model list. */
            unlisted: boolean;
            /**
             * Format: date-time
             * @description When it is unloaded for idleness; `null` unless its idle clock runs.
             */
            unload_at: string | null;
        };
        /** @description The configured models. */
        ModelDetailsList: {
            /** @description In ascending order of id. */
            models: components["schemas"]["ModelDetails"][];
        };
        /** @description Every listed name, in byte order. */
        ModelList: {
            /** @description The names. */
            data: components["schemas"]["ListedModel"][];
            /** @description Always `list`. */
            object: string;
        };
        /** @description A local model, or a model of a peer, of which little is known. */
        ModelNow: {
            /** @description Its other names. */
            aliases?: string[];
            /** @description Abilities by name; what a model cannot do is not listed. */
            capabilities?: {
                [key: string]: boolean;
            };
            /**
             * Format: uint64
             * @description Tokens that fit into the context.
             */
            context_length?: number;
            /** @description For people; may be empty. */
            description: string;
            /** @description Its id; `peer/model` for a model of a peer. */
            id: string;
            /** @description For people; may be empty. */
            name: string;
            /** @description Id of the peer; empty for a local model. */
            peerID: string;
            /**
             * @description Empty for a model of a peer.
             * @enum {string}
             */
            state: "stopped" | "starting" | "ready" | "stopping" | "";
            /** @description Left out of the model list. */
            unlisted: boolean;
        };
        /** @description What a model's process did lately. */
        ModelResidency: {
            /** @description The model. It need not be configured any more. */
            id: string;
            /** @description In order of time. Where there is none, the model had no process. */
            spans: components["schemas"]["ResidencySpan"][];
        };
        /** @description What has passed a network interface. */
        NetworkSample: {
            /**
             * Format: uint64
             * @description Bytes since the interface came up.
             */
            bytes_recv: number;
            /**
             * Format: uint64
             * @description Bytes since the interface came up.
             */
            bytes_sent: number;
            /** @description The system's name for it. */
            name: string;
        };
        /** @description An open request, as clients read it. `metadata` is always empty and left out. */
        OpenRequest: {
            /**
             * Format: uint64
             * @description Milliseconds since it came.
             */
            elapsed_ms: number;
            /**
             * Format: uint64
             * @description Milliseconds until its turn, as far as that is known. A field of herder.
             */
            estimated_wait_ms?: number | null;
            /**
             * Format: uint64
             * @description Milliseconds from its arrival until the body of the answer began. A field of herder.
             */
            first_byte_ms?: number | null;
            /**
             * Format: uint64
             * @description Milliseconds from its arrival until its model, or its peer, got it. A field of herder.
             */
            granted_ms?: number | null;
            /** @description Its number, for cancelling it. */
            id: string;
            /** @description Its method. */
            method: string;
            /** @description Id of the model; `peer/model` for a model of a peer. */
            model: string;
            /** @description Where it is. A field of herder. */
            phase: components["schemas"]["Phase"];
            /**
             * Format: uint
             * @description Its place in the queue while it waits there, counted from 1: among all who wait, or under the scheduler `fair` among those who wait for its model. A field of herder.
             */
            queue_position?: number | null;
            /** @description Where the client is. */
            remote_ip: string;
            /** @description The client's headers, without secrets. */
            req_headers: {
                [key: string]: string;
            };
            /** @description Its path, without the query. */
            req_path: string;
            /**
             * Format: uint64
             * @description Bytes of the answer that have been passed on.
             */
            resp_bytes: number;
            /** @description Headers of the answer, without secrets; empty until it begins. */
            resp_headers: {
                [key: string]: string;
            };
            /**
             * Format: date-time
             * @description When it came.
             */
            timestamp: string;
        };
        /** @description The operating system. */
        OperatingSystem: {
            /**
             * @description Its family.
             * @enum {string}
             */
            family: "linux" | "macos" | "windows" | "freebsd" | "other";
            /** @description The version of its kernel. */
            kernel: string | null;
            /** @description The distribution, or the product. */
            name: string | null;
            /** @description Only for the family `other`. */
            raw_family?: string | null;
            /** @description Its version. */
            version: string | null;
        };
        /** @description Samples of the machine, oldest first. */
        Performance: {
            /** @description Whether anything is measured. */
            enabled: boolean;
            /** @description GPUs. */
            gpu_stats: components["schemas"]["GpuSample"][];
            /** @description Processors, memory and network. */
            sys_stats: components["schemas"]["SystemSample"][];
        };
        /** @description Where an open request is. */
        Phase: "queued" | "loading" | "waiting" | "streaming";
        /** @description The architecture of the processors. */
        ProcessorArchitecture: {
            /**
             * @description Its usual name.
             * @enum {string}
             */
            name: "x86_64" | "arm64" | "armv7" | "ppc64le" | "riscv64" | "s390x" | "other";
            /** @description The system's name for it. */
            raw_name: string | null;
        };
        /** @description A profile. */
        Profile: {
            /** @description For people; may be empty. */
            description: string;
            /** @description Its id. */
            id: string;
            /** @description Requested name to target; an empty target disables the name. */
            pins: {
                [key: string]: string;
            };
        };
        /** @description The profiles of the configuration. */
        Profiles: {
            /** @description Id of the active one; `null` for none. */
            active: string | null;
            /** @description In ascending order of id. */
            profiles: components["schemas"]["Profile"][];
        };
        /** @description The configuration has been read again. */
        Reloaded: {
            /** @description Only in the new one. */
            added: string[];
            /** @description With other settings. */
            changed: string[];
            /** @description Always `ok`. */
            msg: string;
            /** @description Only in the old one. */
            removed: string[];
            /** @description Names of the settings outside the models that differ. */
            settings: string[];
            /**
             * Format: uint
             * @description How many are the same.
             */
            unchanged: number;
            /** @description What works, but probably not as meant, each with its place in the files; and what needs a restart. */
            warnings: string[];
        };
        /** @description What came of a reload. */
        ReloadOutcome: "applied" | "unchanged" | "refused";
        /** @description The last minutes of every model. */
        Residency: {
            /** @description Models that had a process in this time, in ascending order of id. */
            models: components["schemas"]["ModelResidency"][];
            /**
             * Format: date-time
             * @description The present.
             */
            now: string;
            /**
             * Format: date-time
             * @description Whatever lasted beyond this moment is there, from its own beginning.
             */
            since: string;
        };
        /** @description A time in which a model's process was in one state. */
        ResidencySpan: {
            /** @description The model for which this one leaves; `null` unless it does. */
            by: string | null;
            /** @description Why it began, for people. */
            cause: string;
            /** @description Why it ended, for people; `null` while it lasts. */
            ended: string | null;
            /**
             * Format: date-time
             * @description When it began.
             */
            from: string;
            /**
             * @description What it was doing.
             * @enum {string}
             */
            state: "starting" | "ready" | "stopping";
            /**
             * Format: date-time
             * @description When it ended; `null` while it lasts.
             */
            until: string | null;
        };
        /** @description A model with a process. All fields are always there. */
        RunningModel: {
            /** @description The expanded command, secrets masked . */
            cmd: string;
            /** @description What it takes in time. A field of herder. */
            costs: components["schemas"]["ModelCosts"];
            /** @description For people; may be empty. */
            description: string;
            /** @description Its id. */
            model: string;
            /** @description For people; may be empty. */
            name: string;
            /** @description Where it answers. */
            proxy: string;
            /**
             * @description What the process is doing.
             * @enum {string}
             */
            state: "starting" | "ready" | "stopping";
            /**
             * Format: uint64
             * @description Seconds; 0 = never unloaded for idleness.
             */
            ttl: number;
        };
        /** @description The models that have a process. */
        RunningModels: {
            /** @description In ascending order of model id. */
            running: components["schemas"]["RunningModel"][];
        };
        /** @description Sums over finished requests, and how their rates are spread. */
        Statistics: {
            /** @description Rates of generation; `null` when no rate is known. */
            gen_histogram: components["schemas"]["Histogram"] | null;
            /** @description Rates of prompt processing in tokens per second; `null` when no rate is known. */
            prompt_histogram: components["schemas"]["Histogram"] | null;
            /**
             * Format: int64
             * @description Tokens found in caches, where known.
             */
            total_cache_tokens: number;
            /**
             * Format: int64
             * @description Tokens of their prompts.
             */
            total_input_tokens: number;
            /**
             * Format: int64
             * @description Tokens generated.
             */
            total_output_tokens: number;
            /**
             * Format: int64
             * @description Requests.
             */
            total_requests: number;
        };
        /** @description A request has ended and is stored. */
        StoredRequest: {
            /**
             * Format: int64
             * @description Number of its row in the activity.
             */
            id: number;
        };
        /** @description One model loaded, and what it took. */
        Swap: {
            /**
             * Format: date-time
             * @description When the victims were told to leave; without victims, when the load began.
             */
            began: string;
            /** @description For whom. */
            cause: components["schemas"]["SwapCause"];
            /**
             * Format: double
             * @description How long the first of those who wait had waited before the load could begin, mostly for victims to end what they served.
             */
            drain_seconds: number;
            /**
             * Format: date-time
             * @description When it was over; `null` while it is under way.
             */
            ended: string | null;
            /** @description Why these, and what that cost. */
            explanation: string;
            /**
             * Format: uint64
             * @description Counts from 1 since herder started.
             */
            id: number;
            /**
             * Format: double
             * @description From the start of the process until it was ready, or until it failed; `null` if there was none, or while it is under way.
             */
            load_seconds: number | null;
            /** @description What was loaded: its id. */
            model: string;
            /** @description How it ended. */
            outcome: components["schemas"]["SwapOutcome"];
            /** @description Why it failed or was given up; `null` otherwise. */
            reason: string | null;
            /**
             * Format: double
             * @description From the beginning until the last victim was gone; `null` without victims, or as long as some are there.
             */
            stop_seconds: number | null;
            /** @description Who left, in ascending order of id. */
            victims: components["schemas"]["SwapLeaver"][];
            /**
             * Format: uint32
             * @description Requests that waited for it when it ended; `null` while it is under way.
             */
            waited: number | null;
            /**
             * Format: uint32
             * @description Requests that waited for the model when the load began.
             */
            waiting: number;
        };
        /** @description Another way to make room, which costs more or comes later in the configuration. */
        SwapAlternative: {
            /**
             * Format: uint64
             * @description Sum of their eviction costs.
             */
            cost: number;
            set: components["schemas"]["MatrixSet"];
            /** @description Ids of those who would leave, in ascending order. */
            victims: string[];
        };
        /** @description Why a model was loaded. */
        SwapCause: "request" | "preload" | "operator";
        /** @description A model that left. */
        SwapLeaver: {
            /** @description Its id. */
            model: string;
            /**
             * Format: double
             * @description How long it took to stop; `null` as long as it is there.
             */
            stop_seconds: number | null;
        };
        /** @description The swaps under way and the last ones that ended. */
        SwapList: {
            /** @description The latest first. */
            swaps: components["schemas"]["Swap"][];
        };
        /** @description How a swap ended. */
        SwapOutcome: "in_progress" | "ready" | "failed" | "abandoned";
        /** @description What would become of a request for a model if it came now. */
        SwapPlan: {
            /** @description Other sets that contain the model, cheapest first; eight at most. */
            alternatives: components["schemas"]["SwapAlternative"][];
            /**
             * Format: uint64
             * @description Sum of the eviction costs of the victims; `null` with groups and without a load.
             */
            cost: number | null;
            /**
             * Format: double
             * @description With the scheduler `fair`, when it decides again even if nothing happens; `null` when only events count.
             */
            decides_again_in_seconds: number | null;
            /** @description Its id. */
            model: string;
            /**
             * @description `serve` at once, `join` the load in progress, `load` at once, `wait`, or `refuse`.
             * @enum {string}
             */
            outcome: "serve" | "join" | "load" | "wait" | "refuse";
            /** @description What keeps it waiting, or why it is refused; empty otherwise. */
            reasons: string[];
            /** @description Models that have a process, in ascending order of id. */
            running: components["schemas"]["BusyModel"][];
            /** @description The set of the matrix that decides; `null` with groups, without a load, and when no set has the model. */
            set: components["schemas"]["MatrixSet"] | null;
            /**
             * @description What its process is doing.
             * @enum {string}
             */
            state: "stopped" | "starting" | "ready" | "stopping";
            /**
             * Format: double
             * @description Stops and load; `null` without a load, and when they were neither measured nor configured.
             */
            swap_seconds: number | null;
            /** @description All of this for people. */
            text: string;
            /** @description Who leaves for it, in ascending order of id. */
            victims: components["schemas"]["SwapVictim"][];
        };
        /** @description A model that leaves. */
        SwapVictim: {
            /**
             * Format: uint32
             * @description Requests that it serves.
             */
            in_flight: number;
            /** @description Its id. */
            model: string;
            /**
             * @description What its process is doing.
             * @enum {string}
             */
            state: "stopped" | "starting" | "ready" | "stopping";
            /**
             * Format: uint32
             * @description Requests that wait for it.
             */
            waiting: number;
            /** @description Why. */
            why: string;
        };
        /** @description One look at processors, memory and network. */
        SystemSample: {
            /** @description Percent of time that each logical processor was busy since the previous sample, 0 to 100. */
            cpu_util_per_core: number[];
            /**
             * Format: double
             * @description Mean number of processes that run or want to, over 1 minute; 0 where the system does not count.
             */
            load_avg_1: number;
            /**
             * Format: double
             * @description Over 5 minutes.
             */
            load_avg_5: number;
            /**
             * Format: double
             * @description Over 15 minutes.
             */
            load_avg_15: number;
            /**
             * Format: uint64
             * @description The rest: free, or a cache that gives way.
             */
            mem_free_mb: number;
            /**
             * Format: uint64
             * @description Memory of the machine, in MiB rounded down, as all sizes here.
             */
            mem_total_mb: number;
            /**
             * Format: uint64
             * @description What is in use and cannot be had without taking it from somebody.
             */
            mem_used_mb: number;
            /** @description Each network interface but the loopback, in order of name. */
            net_io: components["schemas"]["NetworkSample"][];
            /**
             * Format: uint64
             * @description Swap space.
             */
            swap_total_mb: number;
            /**
             * Format: uint64
             * @description Used swap space.
             */
            swap_used_mb: number;
            /**
             * Format: date-time
             * @description When.
             */
            timestamp: string;
        };
        /** @description Counts and rates; −1 is unknown. */
        Tokens: {
            /**
             * Format: int64
             * @description Tokens of the prompt that were in a cache.
             */
            cache_tokens: number;
            /**
             * Format: int64
             * @description Drafted tokens that were accepted.
             */
            draft_acc_tokens: number;
            /**
             * Format: int64
             * @description Tokens drafted by speculative decoding.
             */
            draft_tokens: number;
            /**
             * Format: int64
             * @description Tokens of the prompt; 0 when unknown.
             */
            input_tokens: number;
            /**
             * Format: int64
             * @description Tokens generated; 0 when unknown.
             */
            output_tokens: number;
            /**
             * Format: double
             * @description Tokens of the prompt per second.
             */
            prompt_per_second: number;
            /**
             * Format: double
             * @description Generated tokens per second.
             */
            tokens_per_second: number;
        };
        /** @description What asks for a reload. */
        Trigger: "request" | "file" | "signal";
        /** @description What it has to know about the list of finished requests. */
        UiActivity: {
            /** @description Headers that name a session. */
            session_id: string[];
        };
        /** @description What a user interface has to know of the configuration. */
        UiConfig: {
            /** @description About the list of finished requests. */
            activity: components["schemas"]["UiActivity"];
        };
        /** @description Which herder answers: exactly these three texts. */
        Version: {
            /** @description When it was built; `unknown` for an own build. */
            build_date: string;
            /** @description From which commit. */
            commit: string;
            /** @description Its version. */
            version: string;
        };
        /** @description Something with a name, and perhaps a version. */
        Versioned: {
            /** @description The name. */
            name: string;
            /** @description The version. */
            version: string | null;
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type Accelerator = components['schemas']['Accelerator'];
export type AcceleratorMemory = components['schemas']['AcceleratorMemory'];
export type ActiveProfile = components['schemas']['ActiveProfile'];
export type ActivityEntry = components['schemas']['ActivityEntry'];
export type ActivityPage = components['schemas']['ActivityPage'];
export type Architecture = components['schemas']['Architecture'];
export type BusyModel = components['schemas']['BusyModel'];
export type Capture = components['schemas']['Capture'];
export type Configuration = components['schemas']['Configuration'];
export type ConfigurationFile = components['schemas']['ConfigurationFile'];
export type Cpu = components['schemas']['Cpu'];
export type Done = components['schemas']['Done'];
export type Environment = components['schemas']['Environment'];
export type Error = components['schemas']['Error'];
export type ErrorDescription = components['schemas']['ErrorDescription'];
export type Event = components['schemas']['Event'];
export type Finding = components['schemas']['Finding'];
export type GpuSample = components['schemas']['GpuSample'];
export type Hardware = components['schemas']['Hardware'];
export type HardwareCapture = components['schemas']['HardwareCapture'];
export type Histogram = components['schemas']['Histogram'];
export type InFlight = components['schemas']['InFlight'];
export type LastFailure = components['schemas']['LastFailure'];
export type LastReload = components['schemas']['LastReload'];
export type ListedModel = components['schemas']['ListedModel'];
export type ListedModelMeta = components['schemas']['ListedModelMeta'];
export type ListedModelStatus = components['schemas']['ListedModelStatus'];
export type LoadedModel = components['schemas']['LoadedModel'];
export type LogData = components['schemas']['LogData'];
export type MatrixSet = components['schemas']['MatrixSet'];
export type MeasuredTime = components['schemas']['MeasuredTime'];
export type Memory = components['schemas']['Memory'];
export type ModelCompany = components['schemas']['ModelCompany'];
export type ModelCosts = components['schemas']['ModelCosts'];
export type ModelDetails = components['schemas']['ModelDetails'];
export type ModelDetailsList = components['schemas']['ModelDetailsList'];
export type ModelList = components['schemas']['ModelList'];
export type ModelNow = components['schemas']['ModelNow'];
export type ModelResidency = components['schemas']['ModelResidency'];
export type NetworkSample = components['schemas']['NetworkSample'];
export type OpenRequest = components['schemas']['OpenRequest'];
export type OperatingSystem = components['schemas']['OperatingSystem'];
export type Performance = components['schemas']['Performance'];
export type Phase = components['schemas']['Phase'];
export type ProcessorArchitecture = components['schemas']['ProcessorArchitecture'];
export type Profile = components['schemas']['Profile'];
export type Profiles = components['schemas']['Profiles'];
export type Reloaded = components['schemas']['Reloaded'];
export type ReloadOutcome = components['schemas']['ReloadOutcome'];
export type Residency = components['schemas']['Residency'];
export type ResidencySpan = components['schemas']['ResidencySpan'];
export type RunningModel = components['schemas']['RunningModel'];
export type RunningModels = components['schemas']['RunningModels'];
export type Statistics = components['schemas']['Statistics'];
export type StoredRequest = components['schemas']['StoredRequest'];
export type Swap = components['schemas']['Swap'];
export type SwapAlternative = components['schemas']['SwapAlternative'];
export type SwapCause = components['schemas']['SwapCause'];
export type SwapLeaver = components['schemas']['SwapLeaver'];
export type SwapList = components['schemas']['SwapList'];
export type SwapOutcome = components['schemas']['SwapOutcome'];
export type SwapPlan = components['schemas']['SwapPlan'];
export type SwapVictim = components['schemas']['SwapVictim'];
export type SystemSample = components['schemas']['SystemSample'];
export type Tokens = components['schemas']['Tokens'];
export type Trigger = components['schemas']['Trigger'];
export type UiActivity = components['schemas']['UiActivity'];
export type UiConfig = components['schemas']['UiConfig'];
export type Version = components['schemas']['Version'];
export type Versioned = components['schemas']['Versioned'];
export type $defs = Record<string, never>;
export type operations = Record<string, never>;
