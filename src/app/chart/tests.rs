//! Where frames stand, what lights up, and areas; the charts themselves are drawn by the tests of the window.

use eframe::egui::{Color32, Rect, Shape, pos2, vec2};

use super::arrangement::*;
use super::canvas::within;
use super::*;
use crate::chart::{Aspect, Facet, Key, Legend};

fn chart(facets: usize, columns: usize, aspect: Aspect) -> Chart {
    let facet = Facet { aspect, ..Facet::default() };
    let legend = Legend { keys: vec![Key::default()], ..Legend::default() };
    Chart { facets: vec![facet; facets], columns, legend, ..Chart::default() }
}

fn area(width: f32, height: f32) -> Rect {
    Rect::from_min_size(pos2(10.0, 20.0), vec2(width, height))
}

#[test]
fn frames_and_legend_stand_side_by_side_within_the_room() {
    for aspect in [Aspect::Free, Aspect::Equal] {
        for (facets, columns) in [(1, 0), (2, 0), (4, 0), (5, 2), (12, 0), (3, 7)] {
            for size in [(900.0, 600.0), (600.0, 900.0), (420.0, 300.0), (300.0, 240.0), (180.0, 130.0)] {
                let area = area(size.0, size.1);
                let layout = Layout::of(&chart(facets, columns, aspect), area, 40.0);
                let legend = match layout.legend {
                    LegendPlace::Beside(rect) | LegendPlace::Below(rect) => Some(rect),
                    LegendPlace::None => None,
                };
                let rects: Vec<Rect> =
                    layout.frames.iter().copied().chain(layout.more).chain(legend).collect();
                let shown = layout.frames.len();
                assert_eq!(layout.more.is_some(), shown < facets, "what is left out is counted");
                assert!(shown > 0 && (shown == facets || size.1 < 500.0), "{facets} {aspect:?} {size:?}");
                assert!(shown == facets || layout.frames.iter().all(|frame| frame.height() >= 0.9 * LOWEST));
                for (index, rect) in rects.iter().enumerate() {
                    assert!(area.expand(1.0).contains_rect(*rect), "{facets} {aspect:?} {size:?}: {rect:?}");
                    let meets = |other: &&Rect| other.shrink(1.0).intersects(rect.shrink(1.0));
                    assert!(rects[..index].iter().find(meets).is_none(), "{facets} {aspect:?} {size:?}");
                }
            }
        }
    }
    let small = Layout::of(&chart(1, 0, Aspect::Free), area(200.0, 140.0), 40.0);
    assert_eq!(small.legend, LegendPlace::None, "a small panel has room for data alone");
}

#[test]
fn what_is_of_the_same_lights_up_and_other_runs_stand_back() {
    let cursor = |hovered| Cursor { current: vec![Some(2), None], hovered: Some(hovered), is_solo: false };
    let point = Of::checkpoint(0, 3);
    let hovered = cursor(point);
    assert!(hovered.lights(point) && hovered.lights(Of::checkpoint(0, 3).at_layer(Some(1))));
    assert!(!hovered.lights(Of::checkpoint(0, 4)) && !hovered.lights(Of::checkpoint(1, 3)));
    assert!(hovered.lights(Of::run(0)) && !hovered.lights(Of::default()));
    assert!(hovered.dims(Of::run(1)) && !hovered.dims(point) && !hovered.dims(Of::default()));
    let layer = cursor(Of::default().at_layer(Some(2)));
    assert!(layer.lights(point.at_layer(Some(2))) && !layer.lights(point.at_layer(Some(1))));
    assert!(!layer.lights(point), "an average is of no layer");
    let moments = [1, 2, 3].map(|checkpoint| hovered.moment(Of::checkpoint(0, checkpoint)));
    assert_eq!(moments, [Moment::Past, Moment::Current, Moment::Later]);
    assert_eq!(hovered.moment(Of::checkpoint(1, 0)), Moment::Later, "it begins after the scrubber");
    assert_eq!(hovered.moment(Of::run(0)), Moment::None);
}

/// The size of what is filled.
fn filled(outline: &[[f32; 2]]) -> f32 {
    let outline: Vec<_> = outline.iter().map(|[x, y]| pos2(*x, *y)).collect();
    let Shape::Mesh(mesh) = shapes::area(&outline, Color32::WHITE) else { panic!("a mesh") };
    let size = |corner: &[u32]| {
        let [a, b, c] = [0, 1, 2].map(|i| mesh.vertices[corner[i] as usize].pos);
        ((b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x)).abs() / 2.0
    };
    mesh.indices.chunks(3).map(size).sum()
}

#[test]
fn areas_are_filled_whether_convex_or_not() {
    let mut corner = vec![[0.0, 0.0], [4.0, 0.0], [4.0, 1.0], [1.0, 1.0], [1.0, 4.0], [0.0, 4.0]];
    assert!((filled(&corner) - 7.0).abs() < 1e-4);
    corner.reverse();
    assert!((filled(&corner) - 7.0).abs() < 1e-4, "whichever way round");
    assert!((filled(&[[0.0, 0.0], [2.0, 0.0], [0.0, 3.0]]) - 3.0).abs() < 1e-4);
    assert_eq!(filled(&[[0.0, 0.0], [2.0, 0.0]]), 0.0);
    assert_eq!(filled(&[[1.0, 1.0]; 5]), 0.0, "of a point alone");
}

#[test]
fn lines_are_cut_to_their_frame() {
    let frame = Rect::from_min_max(pos2(0.0, 0.0), pos2(10.0, 10.0));
    let cut = |ends: [[f32; 2]; 2]| within(frame, ends.map(|[x, y]| pos2(x, y)));
    assert_eq!(cut([[-10.0, -10.0], [20.0, 20.0]]), Some([pos2(0.0, 0.0), pos2(10.0, 10.0)]));
    assert_eq!(cut([[2.0, 3.0], [4.0, 5.0]]), Some([pos2(2.0, 3.0), pos2(4.0, 5.0)]));
    assert_eq!(cut([[-5.0, 3.0], [5.0, 3.0]]), Some([pos2(0.0, 3.0), pos2(5.0, 3.0)]));
    assert_eq!(cut([[-5.0, 11.0], [15.0, 11.0]]), None);
    assert_eq!(cut([[-5.0, 4.0], [4.0, 20.0]]), None, "past a corner");
}
