//! Further rows in the notation of the acceptance table, one test for each: mended quirks and the other tables of the
//! specification.

use crate::{acceptance, check};

const TABLE: &str = include_str!("../acceptance/further.txt");

macro_rules! rows {
    ($($name:ident = $id:literal,)*) => {
        $(#[test]
        fn $name() {
            check::run(acceptance::parse(TABLE), $id);
        })*

        /// The table and this list must agree, so that no row is forgotten.
        #[test]
        fn every_row_of_the_table_is_a_test() {
            let table: Vec<String> = acceptance::parse(TABLE).into_iter().map(|row| row.id).collect();
            assert_eq!(table, [$($id),*]);
        }
    };
}

rows! {
    s1_tilde = "s1-tilde",
    s2 = "s2",
    s3 = "s3",
    s4 = "s4",
    s4_unknown = "s4-unknown",
    s5_vars = "s5-vars",
    s6 = "s6",
    merge_mapping_expected = "merge-mapping-expected",
    merge_type = "merge-type",
    merge_empty_files = "merge-empty-files",
    y3 = "y3",
    bom = "bom",
    merge_key = "merge-key",
    merge_key_twice = "merge-key-twice",
    merge_key_in_macros = "merge-key-in-macros",
    merge_key_brings_macros = "merge-key-brings-macros",
    parked = "parked",
    parked_unused = "parked-unused",
    x_keys = "x-keys",
    int_float = "int-float",
    int_forms = "int-forms",
    y4 = "y4",
    y1 = "y1",
    y2_peer = "y2-peer",
    nulls = "nulls",
    session_null = "session-null",
    duration_zero = "duration-zero",
    metadata = "metadata",
    metadata_inf = "metadata-inf",
    metadata_derived = "metadata-derived",
    filters = "filters",
    peer = "peer",
    keepalive_off = "keepalive-off",
    store_directory = "store-directory",
    store_empty = "store-empty",
    store_null = "store-null",
    store_trimmed = "store-trimmed",
    own_keys_store = "own-keys-store",
    own_keys_store_none = "own-keys-store-none",
    own_keys_store_rows = "own-keys-store-rows",
    own_keys_store_age = "own-keys-store-age",
    own_keys = "own-keys",
    own_keys_body = "own-keys-body",
    own_keys_limit = "own-keys-limit",
    check_endpoint = "check-endpoint",
    order_1 = "order-1",
    order_2 = "order-2",
    order_3 = "order-3",
    order_4 = "order-4",
    order_5 = "order-5",
    order_6 = "order-6",
    order_7 = "order-7",
    order_8 = "order-8",
    order_9 = "order-9",
    texts = "texts",
    literal_block = "literal-block",
    dollar_dollar = "dollar-dollar",
    bomb = "bomb",
    alias_bomb = "alias-bomb",
    anchor_in_itself = "anchor-in-itself",
    opaque = "opaque",
    p2_hash = "p2-hash",
    p3 = "p3",
    p4 = "p4",
    env_macro = "env-macro",
    env_key = "env-key",
    env_empty_plain = "env-empty-plain",
    env_not_a_name = "env-not-a-name",
    all_errors = "all-errors",
    matrix_empty = "matrix-empty",
    matrix_sets_shape = "matrix-sets-shape",
    matrix_null_set = "matrix-null-set",
    matrix_var = "matrix-var",
    matrix_cost = "matrix-cost",
    x5 = "x5",
    both_routers = "both-routers",
    legacy_beside_scheduler = "legacy-beside-scheduler",
    g2 = "g2",
    g3 = "g3",
    g4 = "g4",
    g5 = "g5",
    group_twice = "group-twice",
    n2 = "n2",
    bare_hidden = "bare-hidden",
    pin_peer = "pin-peer",
    pin_selector = "pin-selector",
    selector_id = "selector-id",
    selector_empty = "selector-empty",
    spillover_groups = "spillover-groups",
    spillover_ok = "spillover-ok",
    spillover_limit = "spillover-limit",
    performance_enable = "performance-enable",
    macros_shape = "macros-shape",
    matrix_placeholder = "matrix-placeholder",
    by_id_macro = "by-id-macro",
    warm_unknown = "warm-unknown",
}
