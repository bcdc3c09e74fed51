//! Requests of other processes: given out once, until they are answered.

use super::*;

fn request(unit: Option<Unit>, kind: RequestKind) -> Request {
    let (by, note) = ("ada".to_owned(), String::new());
    Request { unit, kind, by, note, outputs: IndexMap::new(), asked: None }
}

fn answered(seq: u64, step: &str, answer: Answer) -> Stamped {
    let (by, from, note) = ("ada".to_owned(), "command".to_owned(), String::new());
    stamp(seq, Event::Answered { unit: unit(step), answer, by, from, note, said: None })
}

#[test]
fn requests_come_once_and_again_until_they_are_answered() {
    let place = Place::new();
    let store = place.store();
    let id = begin(&store, NOW);
    let mut inbox = store.inbox(&id).unwrap();
    assert_eq!(inbox.poll().unwrap(), []);
    let elsewhere = place.store();
    let approve = request(Some(unit("a")), RequestKind::Approve);
    elsewhere.post(&id, NOW, &approve).unwrap();
    store.post(&id, NOW, &request(Some(unit("b")), RequestKind::Deny)).unwrap();
    let posted = inbox.poll().unwrap();
    assert_eq!(posted.len(), 2);
    assert_eq!(posted[0].request, approve);
    assert_eq!(inbox.poll().unwrap(), []);
    // A crash before the answer is in the journal: it comes again.
    assert_eq!(store.inbox(&id).unwrap().poll().unwrap(), posted);
    let mut journal = store.journal(&id).unwrap();
    journal.append(&[answered(1, "a", Answer::Approved)], true).unwrap();
    assert_eq!(store.inbox(&id).unwrap().poll().unwrap(), posted[1..]);
    inbox.dismiss(posted[1].id, NOW).unwrap();
    assert_eq!(store.inbox(&id).unwrap().poll().unwrap(), []);
}

#[test]
fn a_cancel_does_not_outlive_what_it_cancelled() {
    let place = Place::new();
    let store = place.store();
    let id = begin(&store, NOW);
    store.post(&id, NOW, &request(None, RequestKind::Cancel)).unwrap();
    assert_eq!(store.inbox(&id).unwrap().poll().unwrap().len(), 1);
    let why = StopReason::Cancelled { by: "ada".to_owned() };
    let mut journal = store.journal(&id).unwrap();
    journal.append(&[stamp(1, Event::StopRequested { goal: GoalId::root(), why })], true).unwrap();
    assert_eq!(store.inbox(&id).unwrap().poll().unwrap(), []);
    store.post(&id, NOW, &request(None, RequestKind::Cancel)).unwrap();
    journal.append(&[ended(2, RunStatus::Cancelled, 1)], true).unwrap();
    assert_eq!(store.inbox(&id).unwrap().poll().unwrap(), []);
}
