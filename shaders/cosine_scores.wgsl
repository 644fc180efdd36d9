// Cosines of hidden states with the reference points.
// Twin: src/estimator/cpu/cosine_scores.rs, with the same inputs and outputs.
//
// A workgroup computes a tile of 32 states by 32 points. Both tiles pass through workgroup memory 32
// columns at a time; each invocation holds a 2 x 2 block of products and the squares of its two states.

struct Params {
    rows: u32,    // states to score
    width: u32,   // hidden size h
    points: u32,  // reference points, also the row length of `scores`
}

// A state to score: its row in `hidden` and the row of `scores` it goes to.
struct Row {
    source: u32,
    target_row: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
// Bound read-write although only read: the tensor library may have it bound so elsewhere in the buffer.
@group(0) @binding(1) var<storage, read_write> hidden: array<f32>;   // [.., width]
@group(0) @binding(2) var<storage, read> reference: array<f32>;      // [points, width]
@group(0) @binding(3) var<storage, read> rows: array<Row>;           // [rows]
@group(0) @binding(4) var<storage, read_write> scores: array<f32>;   // [.., points]

const TILE: u32 = 32u;
// One column more than a tile, so that reading down a column spreads over the memory banks.
const PITCH: u32 = 33u;

var<workgroup> state_tile: array<f32, 1056>;  // TILE * PITCH
var<workgroup> point_tile: array<f32, 1056>;

// 1/|z| from |z|^2; a zero state has no direction and scores zero everywhere.
fn inverse_norm(square: f32) -> f32 {
    if square == 0.0 {
        return 0.0;
    }
    return 1.0 / sqrt(square);
}

@compute @workgroup_size(16, 16)
fn main(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(local_invocation_id) local: vec3<u32>,
    @builtin(local_invocation_index) index: u32,
) {
    let first_point = workgroup.x * TILE;
    let first_row = workgroup.y * TILE;
    var products = array<f32, 4>(0.0, 0.0, 0.0, 0.0);
    var squares = array<f32, 2>(0.0, 0.0);

    for (var first_column = 0u; first_column < params.width; first_column += TILE) {
        for (var cell = index; cell < TILE * TILE; cell += 256u) {
            let line = cell / TILE;
            let column = cell % TILE;
            let inside = first_column + column < params.width;
            var state = 0.0;
            if inside && first_row + line < params.rows {
                state = hidden[rows[first_row + line].source * params.width + first_column + column];
            }
            var point = 0.0;
            if inside && first_point + line < params.points {
                point = reference[(first_point + line) * params.width + first_column + column];
            }
            state_tile[line * PITCH + column] = state;
            point_tile[line * PITCH + column] = point;
        }
        workgroupBarrier();
        for (var column = 0u; column < TILE; column++) {
            let state0 = state_tile[local.y * PITCH + column];
            let state1 = state_tile[(local.y + 16u) * PITCH + column];
            let point0 = point_tile[local.x * PITCH + column];
            let point1 = point_tile[(local.x + 16u) * PITCH + column];
            products[0] += state0 * point0;
            products[1] += state0 * point1;
            products[2] += state1 * point0;
            products[3] += state1 * point1;
            squares[0] += state0 * state0;
            squares[1] += state1 * state1;
        }
        workgroupBarrier();
    }

    for (var row_half = 0u; row_half < 2u; row_half++) {
        let row = first_row + local.y + 16u * row_half;
        if row >= params.rows {
            continue;
        }
        let scale = inverse_norm(squares[row_half]);
        for (var point_half = 0u; point_half < 2u; point_half++) {
            let point = first_point + local.x + 16u * point_half;
            if point < params.points {
                scores[rows[row].target_row * params.points + point] = products[2u * row_half + point_half] * scale;
            }
        }
    }
}
