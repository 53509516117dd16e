//! Replays the traces of spec/runtime.md 1.15 to 1.17, which lie beside this file in the spec's own notation, and those
//! of reloads and of reading ahead, which follow it.
//! One test per row; its name is the row's id.

mod replay;

use replay::{FairPlan, Limit, Strategy, row_ids, rows};

const ARRIVAL: &str = include_str!("traces/arrival.txt");
const GRANT: &str = include_str!("traces/grant.txt");
const KEPT: &str = include_str!("traces/kept_weaknesses.txt");
const MENDED: &str = include_str!("traces/mended.txt");
const FAIR: &str = include_str!("traces/fair.txt");
const RELOAD: &str = include_str!("traces/reload.txt");
const PREFETCH: &str = include_str!("traces/prefetch.txt");

fn check(id: &str) {
    let arrival = Strategy::Fifo {
        limit: Limit::Arrival,
    };
    let (file, strategy) = match id.as_bytes()[0] {
        b'T' => (ARRIVAL, arrival),
        b'E' => (GRANT, Strategy::Fifo { limit: Limit::Grant }),
        b'F' => (FAIR, Strategy::Fair(FairPlan::default())),
        b'R' => (RELOAD, arrival),
        b'A' if id.starts_with("AF") => (PREFETCH, Strategy::Fair(FairPlan::default())),
        b'A' => (PREFETCH, arrival),
        _ if row_ids(MENDED).any(|row| row == id) => (MENDED, arrival),
        _ => (KEPT, arrival),
    };
    let row = rows(file)
        .find(|row| row.id == id)
        .expect("the row is in its file");
    replay::replay(&row, strategy);
}

macro_rules! traces {
    ($($id:ident)*) => {
        $(#[test] #[expect(non_snake_case, reason = "the ids are the spec's")] fn $id() { check(stringify!($id)); })*

        #[test]
        fn every_row_is_a_test() {
            let listed = [$(stringify!($id)),*];
            let written: Vec<&str> =
                [ARRIVAL, GRANT, KEPT, MENDED, FAIR, RELOAD, PREFETCH].into_iter().flat_map(row_ids).collect();
            assert_eq!(listed.len(), written.len());
            assert!(written.iter().all(|id| listed.contains(id)));
        }
    };
}

traces! {
    T01 T02 T03 T04 T05 T06 T07 T08 T09 T10 T11 T12 T13 T14 T15 T16 T17 T18 T19 T20 T21
    T22 T23 T24 T25 T26 T27 T28 T29 T30 T31 T32 T33 T34 T35 T36 T37 T38 T39 T40 T41 T42
    A01 A02 A03 A04 A05 A06 A07 A08 A09 A10 A11 A12 A13 A14 A15
    AF01 AF02 AF03 AF04
    E01 E02 E03 E04 E05
    F01 F02 F03 F04 F05 F06 F07 F08 F09 F10 F11 F12 F13 F14 F15 F16 F17 F18 F19 F20 F21 F22 F23 F24 F25
    F26 F27 F28 F29
    FR01 FR02 FR03 FR04
    FW01 FW02 FW03 FW04 FW05 FW06 FW13 FW15 FW16 FW17
    R01 R02 R03 R04 R05 R06 R07 R08 R09 R10 R11 R12 R13 R14 R15 R16 R17 R18 R19 R20 R21
    R22 R23 R24 R25 R26 R27
    W01 W02 W03 W04 W05 W06 W07 W07b W08 W09 W10 W11 W12 W13 W14 W15 W16 W17 W18 W19
}
