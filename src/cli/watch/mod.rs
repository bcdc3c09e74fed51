//! `goalc watch`: a run on the whole screen, followed from any terminal, with keys to answer it.
//!
//! Reads what the journal has and leaves requests, as the other commands do: the run's own process
//! does not know that it is watched.

mod keys;
mod model;
mod screen;

use std::io::IsTerminal;
use std::time::Duration;

use ratatui::crossterm::event::{self, Event, KeyEventKind};
use ratatui::layout::Rect;
use ratatui::{DefaultTerminal, TerminalOptions, Viewport};

use super::arguments::WatchArguments;
use super::exit::Failed;
use super::runs::{find, open_to_write};
use keys::Then;
use model::Model;

/// Between two looks at the journal.
const LOOK: Duration = Duration::from_millis(200);

pub(super) fn watch(arguments: &WatchArguments) -> Result<u8, Failed> {
    if !std::io::stdout().is_terminal() || !std::io::stdin().is_terminal() {
        return Err(Failed::wrong(
            "`goalc watch` needs a terminal; `goalc show` and `goalc logs -f` do without one",
        ));
    }
    let found = find(open_to_write()?, arguments.run.as_deref())?;
    let mut model = Model::new(found);
    let failed =
        |error: std::io::Error| Failed::machine(format!("the terminal cannot be used: {error}"));
    // A console that does not know its size says 0.
    let unknown = ratatui::crossterm::terminal::size().is_ok_and(|size| size.0 == 0 || size.1 == 0);
    let viewport =
        if unknown { Viewport::Fixed(Rect::new(0, 0, 80, 24)) } else { Viewport::Fullscreen };
    let mut terminal =
        ratatui::try_init_with_options(TerminalOptions { viewport }).map_err(failed)?;
    let ended = follow(&mut terminal, &mut model);
    ratatui::restore();
    ended.map_err(failed)?;
    Ok(0)
}

/// Until the person leaves.
fn follow(terminal: &mut DefaultTerminal, model: &mut Model) -> std::io::Result<()> {
    loop {
        model.look();
        terminal.draw(|frame| screen::draw(frame, model))?;
        // What is typed is shown at once, what happens five times a second.
        if !event::poll(LOOK)? {
            continue;
        }
        if let Event::Key(key) = event::read()?
            && key.kind == KeyEventKind::Press
            && keys::press(model, key) == Then::Leave
        {
            return Ok(());
        }
    }
}
