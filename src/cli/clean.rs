//! `goalc clean`: removes the files of runs that have ended; their records stay.

use super::arguments::CleanArguments;
use super::exit::Failed;
use super::output;
use super::runs::open_to_write;
use crate::exec::RunStatus;

pub(super) fn clean(arguments: &CleanArguments) -> Result<u8, Failed> {
    let store = open_to_write()?;
    let mut removed = 0;
    for run in store.runs()?.into_iter().skip(arguments.keep) {
        let folder = store.folder().run(&run.id);
        let over = matches!(run.status, RunStatus::Achieved | RunStatus::Undone);
        if !over || folder.holder()?.is_some() {
            continue;
        }
        for part in [folder.logs(), folder.work()] {
            if part.exists() {
                std::fs::remove_dir_all(&part).map_err(|error| {
                    Failed::machine(format!("`{}` cannot be removed: {error}", part.display()))
                })?;
                removed += 1;
            }
        }
    }
    output::tell(&format!("{removed} folders removed\n"));
    Ok(0)
}
