//! `routing.router`, and its old spellings `groups` and `matrix` at the top level (spec/config.md 2.5, 2.6).

use indexmap::IndexMap;

use super::{Scope, groups, matrix, place, text};
use crate::diagnostic::{ErrorClass, Report};
use crate::tree::Node;
use crate::typed::{Model, Router};

/// Decides which router is meant and reads its settings; those of the other one are not looked at.
pub(super) fn read_router(
    root: &Node,
    models: &IndexMap<String, Model>,
    scope: &Scope<'_>,
    report: &mut Report,
) -> Router {
    let router = root.descend(&["routing", "router"]);
    let new_groups = root
        .descend(&["routing", "router", "settings", "groups"])
        .filter(has_content);
    let new_matrix = root.descend(&["routing", "router", "settings", "matrix"]);
    let old_groups = root.child("groups").filter(has_content);
    let old_matrix = root.child("matrix");
    let choice = router.and_then(|router| text(router, "use")).unwrap_or_default();

    if old_groups.is_some()
        && let Some(entry) = root.entry("matrix").filter(|_| old_matrix.is_some())
    {
        report
            .error(ErrorClass::Route, "cannot use both 'groups' and 'matrix'")
            .at(entry.key_origin)
            .hint("keep the one that describes your models");
        return Router::Group(IndexMap::new());
    }
    let old = root.entries().iter().find(|entry| match entry.key.text.as_str() {
        "groups" => old_groups.is_some(),
        "matrix" => old_matrix.is_some(),
        _ => false,
    });
    if let Some(old) = old {
        let name = &old.key.text;
        if !choice.is_empty() || new_groups.is_some() || new_matrix.is_some() {
            report
                .error(
                    ErrorClass::Route,
                    format!("cannot use top-level '{name}' together with routing.router; migrate '{name}'"),
                )
                .at(old.key_origin)
                .hint(format!("move it to routing.router.settings.{name}"));
            return Router::Group(IndexMap::new());
        }
    }
    match (choice, old_matrix.or(new_matrix)) {
        ("matrix", Some(section)) => Router::Matrix(matrix::read(section, scope, report)),
        ("matrix", None) => {
            let origin = router.map_or(root.origin, |router| place(router, "use", router.origin));
            report
                .error(
                    ErrorClass::Route,
                    "routing.router.use is matrix, but routing.router.settings.matrix is not set",
                )
                .at(origin);
            Router::Group(IndexMap::new())
        }
        // Quirk R1, mended: a matrix that nobody asked for by name is still meant.
        ("", Some(section)) if new_groups.is_none() && (old_matrix.is_some() || has_content(&section)) => {
            Router::Matrix(matrix::read(section, scope, report))
        }
        ("", Some(section)) if has_content(&section) => {
            // They contradict each other, and nobody says which one is meant (decisions.md, R1).
            report
                .error(
                    ErrorClass::Route,
                    "both groups and matrix are set, and routing.router.use does not say which one counts",
                )
                .at(section.origin)
                .hint("set routing.router.use to group or matrix; llama-swap takes the groups");
            Router::Group(IndexMap::new())
        }
        ("" | "group", _) => Router::Group(groups::read(old_groups.or(new_groups), models, scope, report)),
        (other, _) => {
            let origin = router.map_or(root.origin, |router| place(router, "use", router.origin));
            report
                .error(ErrorClass::Route, format!("unknown router \"{other}\""))
                .at(origin)
                .hint("one of group, matrix");
            Router::Group(IndexMap::new())
        }
    }
}

fn has_content(section: &&Node) -> bool {
    section.is_lost() || !section.entries().is_empty()
}
