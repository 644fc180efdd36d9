//! What can be chosen of a view, behind the `⋯` of its panel.

use eframe::egui::{self, ComboBox, DragValue, Popup, PopupCloseBehavior, Slider, Ui};

use super::spec::{Own, PanelKind, SPHERE_POINTS};
use crate::app::numbers::WORDS;
use crate::app::numbers::columns::Column;
use crate::app::numbers::sort::{By, Sort};
use crate::app::theme;
use crate::app::widgets::{Icon, icon_button, row_ui};
use crate::settings::Temperature;
use crate::state::State;
use crate::views::View;
use crate::views::options::{Bound, Differences, FacetBy, Heed, LayerChoice, Options, PlaneY, Share, Time};
use crate::views::quantity::Quantity;

/// What is chosen of a panel.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Chosen {
    /// What of its view.
    pub options: Options,
    /// Its order and layers; `None` for the window's.
    pub own: Own,
}

/// What else a menu asks.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct More {
    /// Another panel of the same view.
    pub is_another: bool,
    /// The export of its figure.
    pub is_export: bool,
    /// A copy of its picture.
    pub is_picture: bool,
}

/// The button with the menu of the options of a view's panel.
pub(super) fn view_menu_ui(
    ui: &mut Ui,
    view: &'static View,
    chosen: &mut Chosen,
    less_null: &mut bool,
    state: &State,
) -> More {
    menu_ui(ui, PanelKind::View(view), |ui| {
        for heed in view.heeds {
            heed_ui(ui, *heed, chosen, less_null, state);
        }
        if view.heeds.iter().any(|heed| matches!(heed, Heed::Order | Heed::Layers)) {
            own_ui(ui, view, chosen, state);
        }
    })
}

/// The same of the table's panel.
pub(super) fn numbers_menu_ui(ui: &mut Ui, sort: &mut Option<Sort>, state: &State) -> More {
    menu_ui(ui, PanelKind::Numbers, |ui| {
        ui.add(egui::Label::new(theme::weak(ui, WORDS).small()).wrap());
        let mut by = sort.map(|sort| sort.by);
        let word = |by: Option<By>| by.map_or("as opened", By::name);
        choice_ui(ui, "Sort by", word(by), |ui| {
            for of in std::iter::once(None).chain(By::all(Column::drawn(state)).map(Some)) {
                ui.selectable_value(&mut by, of, word(of));
            }
        });
        if by != sort.map(|sort| sort.by) {
            *sort = by.and_then(|by| Sort::clicked(None, by));
        }
        if let Some(sort) = sort {
            ui.checkbox(&mut sort.is_descending, "Largest first");
        }
    })
}

/// The same of the panel of a preference pair, of which nothing is chosen here.
pub(super) fn pair_menu_ui(ui: &mut Ui) -> More {
    menu_ui(ui, PanelKind::Pair, |_| {})
}

/// The button with a menu of what a panel shows and what can be chosen of it.
fn menu_ui(ui: &mut Ui, kind: PanelKind, add: impl FnOnce(&mut Ui)) -> More {
    let button = icon_button(ui, Icon::More, &format!("Options of {}", kind.title()), false);
    let mut more = More::default();
    Popup::menu(&button).close_behavior(PopupCloseBehavior::CloseOnClickOutside).show(|ui| {
        ui.set_width(290.0);
        ui.add(egui::Label::new(theme::weak(ui, kind.about()).small()).wrap());
        ui.add_space(4.0);
        add(ui);
        ui.separator();
        if ui.button("Another panel of it").clicked() {
            more.is_another = true;
            ui.close();
        }
        if !matches!(kind, PanelKind::View(_)) {
            return;
        }
        if ui.button("Export figure…").on_hover_text("PDF, SVG, PNG or CSV of this panel").clicked() {
            more.is_export = true;
            ui.close();
        }
        if ui.button("Copy picture").on_hover_text("As large as figures were exported last").clicked() {
            more.is_picture = true;
            ui.close();
        }
    });
    button.on_hover_text("Options of this panel");
    more
}

fn heed_ui(ui: &mut Ui, heed: Heed, chosen: &mut Chosen, less_null: &mut bool, state: &State) {
    let options = &mut chosen.options;
    match heed {
        // Both below, with whose they are.
        Heed::Order | Heed::Layers => {}
        Heed::Quantity => {
            let word = |quantity: Option<Quantity>| quantity.map_or("by itself", Quantity::name);
            choice_ui(ui, "Measure", word(options.quantity), |ui| {
                // Fields are those that were measured.
                let labels = state.drawn().snapshot.other_labels().into_iter();
                let fields = labels.filter(|quantity| !Quantity::ALL.contains(quantity));
                let all = std::iter::once(None).chain(Quantity::ALL.into_iter().chain(fields).map(Some));
                for quantity in all {
                    ui.selectable_value(&mut options.quantity, quantity, word(quantity));
                }
            });
        }
        Heed::Facet => choice_ui(ui, "Side by side", options.facet.name(), |ui| {
            for facet in FacetBy::ALL {
                ui.selectable_value(&mut options.facet, *facet, facet.name());
            }
        }),
        Heed::Time => {
            choice_ui(ui, "Time", options.time.name(), |ui| {
                for time in Time::ALL {
                    ui.selectable_value(&mut options.time, *time, time.name());
                }
            });
            ui.checkbox(&mut options.log, "Logarithmic time");
        }
        Heed::Y => choice_ui(ui, "Upward", options.y.name(), |ui| {
            for y in PlaneY::ALL {
                ui.selectable_value(&mut options.y, *y, y.name());
            }
        }),
        Heed::Bound => {
            let mut is_on = options.bound == Bound::Frontier;
            let help = "What representations of X alone can reach of this text, found and provably excluded, instead of the \
                        line I(Y;Z) = I(X;Z) alone; it is computed once no numbers are wanted";
            if ui.checkbox(&mut is_on, "Frontier of the text").on_hover_text(help).changed() {
                options.bound = if is_on { Bound::Frontier } else { Bound::Line };
            }
        }
        // It is the text's, which is chosen for all panels.
        Heed::Frontier => {}
        Heed::Differences => {
            let mut is_on = options.differences == Differences::FirstRun;
            let help = "Values less those of the first run at the same steps";
            if ui.checkbox(&mut is_on, "Differences to the first run").on_hover_text(help).changed() {
                options.differences = if is_on { Differences::FirstRun } else { Differences::None };
            }
        }
        Heed::LessNull => {
            ui.checkbox(less_null, "Less null, in all panels")
                .on_hover_text("Values less what shuffled labels give: what the labels themselves tell");
        }
        Heed::Checkpoints => {
            let mut text = options.checkpoints.join(", ");
            row_ui(
                ui,
                "Checkpoints",
                "By name or step, with commas; empty for first, middle and last",
                |ui| {
                    let edit = egui::TextEdit::singleline(&mut text).hint_text("first, middle, last");
                    let response = ui.add(edit);
                    if response.changed() {
                        let names = text.split(',').map(str::trim).filter(|name| !name.is_empty());
                        options.checkpoints = names.map(str::to_owned).collect();
                    }
                    response
                },
            );
        }
        Heed::Score => {
            let mut text = options.score.clone().unwrap_or_default();
            row_ui(ui, "Benchmark", "The column of scores; empty for the average", |ui| {
                let response = ui.add(egui::TextEdit::singleline(&mut text).hint_text("average"));
                if response.changed() {
                    options.score = Some(text.trim().to_owned()).filter(|text| !text.is_empty());
                }
                response
            });
        }
        Heed::Document => {
            row_ui(ui, "Document", "The number of the document in the sample, from 0", |ui| {
                ui.add(DragValue::new(&mut options.document))
            });
            let mut position = options.position.unwrap_or_default();
            row_ui(ui, "Token", "The position whose labels are pointed out, from 0", |ui| {
                let response = ui.add(DragValue::new(&mut position));
                if response.changed() {
                    options.position = Some(position);
                }
                response
            });
        }
        Heed::Sphere => {
            let sphere = &mut options.sphere;
            row_ui(ui, "Ref. points", "The number n of reference points", |ui| {
                ui.add(DragValue::new(&mut sphere.points).range(SPHERE_POINTS))
            });
            let mut epsilon = sphere.epsilon().unwrap_or_default();
            row_ui(ui, "ε", "The temperature of the soft assignment", |ui| {
                let response = ui.add(Slider::new(&mut epsilon, 0.005..=5.0).logarithmic(true));
                if response.changed() {
                    sphere.temperature = Temperature::Fixed(epsilon);
                }
                response
            });
            row_ui(ui, "Seed", "The seed of the reference points", |ui| {
                ui.add(DragValue::new(&mut sphere.seed))
            });
            row_ui(ui, "State", "The state whose assignment is shown", |ui| {
                ui.add(DragValue::new(&mut sphere.chosen).range(0..=sphere.states.saturating_sub(1)))
            });
        }
    }
}

/// A row with a choice of one.
fn choice_ui(ui: &mut Ui, label: &'static str, selected: &str, add: impl FnOnce(&mut Ui)) {
    row_ui(ui, label, "", |ui| {
        ComboBox::from_id_salt(label).selected_text(selected).width(150.0).show_ui(ui, add).response
    });
}

/// Whether order and layers are the window's or the panel's own, and which.
fn own_ui(ui: &mut Ui, view: &View, chosen: &mut Chosen, state: &State) {
    let mut is_own = chosen.own.is_some();
    if ui
        .checkbox(&mut is_own, "Own order and layers")
        .on_hover_text("Not those of the other panels")
        .changed()
    {
        chosen.own = is_own.then_some((state.view.order, state.view.layers));
    }
    let Some((order, layers)) = &mut chosen.own else { return };
    if view.heeds.contains(&Heed::Order) {
        choice_ui(ui, "Order", order.name(), |ui| {
            for of in state.largest_order().and_below() {
                ui.selectable_value(order, of, of.name());
            }
        });
    }
    if view.heeds.contains(&Heed::Layers) {
        choice_ui(ui, "Layers", &layers.name(), |ui| {
            let depths = [0.0, 0.25, 0.5, 0.75].into_iter().filter_map(Share::new).map(LayerChoice::Depth);
            let single = (0..=state.last_layer().unwrap_or(0)).map(LayerChoice::Layer);
            for of in [LayerChoice::Mean, LayerChoice::Last].into_iter().chain(depths).chain(single) {
                ui.selectable_value(layers, of, of.name());
            }
        });
    }
}
