//! The frontier of a text's labels: looked at beside the numbers, once none are wanted.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use super::Work;
use crate::engine::inbox::{Gone, Inbox, Outbox};
use crate::engine::message::{Event, Look, Seen, Sight};
use crate::error::{Result, caught};
use crate::frontier::{Options, Report, counted, report};
use crate::labels::joint::Joint;
use crate::labels::{Labels, joint};
use crate::measures::Order;
use crate::memory;
use crate::store::Key;

impl Work {
    /// Emits the next frontier that is looked at, as it grows; `false` where there is none.
    pub(super) fn look_at_frontier(&mut self, inbox: &mut Inbox, outbox: &Outbox<'_>) -> Result<bool, Gone> {
        let order = |sight| if let Sight::Frontier(order) = sight { Some(order) } else { None };
        let Some((look, order)) = self.looks.next(order) else { return Ok(false) };
        // It takes the cores, which a model that nobody wants need not wait for.
        self.job = None;
        let seen = caught(|| self.frontier(&look, order, inbox, outbox));
        self.emit_seen(look, seen.map(|report| Seen::Frontier(Arc::new(report))), outbox)
    }

    fn frontier(
        &mut self,
        look: &Look,
        order: Order,
        inbox: &mut Inbox,
        outbox: &Outbox<'_>,
    ) -> Result<Report> {
        let sample = self.sample_of_text(look, inbox)?;
        let settings = &look.condition.settings;
        let labels =
            Labels::new_unless(&sample.documents, settings.max_order, &mut || inbox.supersedes_look())?;
        let pairs = joint::joint(&labels, order, settings.min_count).unwrap_or_default();
        drop(labels);
        let options = Options::default();
        let key = Key::of_frontier(pairs.identity(), &options);
        let of_text = |report: Report| Report {
            text: look.condition.text.path().file_name().map(|name| name.to_string_lossy().into_owned()),
            order: Some(order.number()),
            sample: Some(format!("{:032x}", sample.identity())),
            ..report
        };
        if let Some(known) = self.store.as_ref().and_then(|store| store.frontier(&key)) {
            return Ok(of_text(known));
        }
        memory::check_frontier(report::bytes_of_counted(pairs.all.len()))?;
        let Joint { all, halves } = pairs;
        let (joint, bracket) = counted(all, &halves)?;
        memory::check_frontier(options.bytes_needed(&joint))?;
        let mut watch = |report: &Report| {
            let seen = Ok(Seen::Frontier(Arc::new(of_text(report.clone()))));
            let gone = outbox.emit_replaceable(Event::Seen { look: look.clone(), seen }).is_err();
            if gone || inbox.supersedes_look() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        let found = Report::of(&joint, bracket, &options, &AtomicBool::new(false), &mut watch)?;
        if let Some(store) = &self.store {
            store.keep_frontier(&key, &found)?;
        }
        Ok(of_text(found))
    }
}
