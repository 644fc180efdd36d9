// Which atoms of a codebook each label x belongs to: p(z|x) in proportion to p(z) exp(-β KL(p(y|x) ‖ r_z)), and whether x
// is better off in an atom of its own. In main memory `encode` of src/frontier/curve/pass.rs does the same.
//
// A workgroup takes one x. Its lanes are dealt out over the words of the table's rows, of two atoms each, and where they
// are fewer than lanes over parts of x's entries as well; the order of additions follows from the number of words alone.

struct Params {
    first: u32,   // the x of the first workgroup
    count: u32,   // workgroups
    words: u32,   // of a row of the table, 1024 at most
    private: u32, // 1 where each x may have an atom of its own
    beta: f32,
}

// Keep in sync with `Row` in src/frontier_gpu.rs.
struct Row {
    start: u32,
    end: u32,
    mass: f32,
    log_mass: f32,
    divergence: f32, // KL(p(y|x) ‖ p(y))
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> rows: array<Row>;               // [xs]
@group(0) @binding(2) var<storage, read> ids: array<u32>;                // [entries], the y of each
@group(0) @binding(3) var<storage, read> weights: array<f32>;            // [entries], p(y|x)
@group(0) @binding(4) var<storage, read> table: array<u32>;              // [ys, words], ln r_z(y) / p(y)
@group(0) @binding(5) var<storage, read> log_weights: array<vec2<f32>>;  // [words], ln p(z)
@group(0) @binding(6) var<storage, read_write> shares: array<u32>;       // [xs, words], p(z|x)
@group(0) @binding(7) var<storage, read_write> energies: array<f32>;     // [xs], what x adds to the free energy

const LANES: u32 = 256u;
// Logarithms are whole multiples of this.
const UNIT: f32 = 0.001953125;
// Shares below this are none.
const LEAST_SHARE: f32 = 1.6e-28;

var<workgroup> terms: array<vec2<f32>, 1024>;
var<workgroup> lanes: array<f32, 256>;

fn logs(word: u32) -> vec2<f32> {
    let signed = bitcast<i32>(word);
    return UNIT * vec2<f32>(f32((signed << 16u) >> 16u), f32(signed >> 16u));
}

// The nearest bfloat16, in the low half.
fn nearest(share: f32) -> u32 {
    let bits = bitcast<u32>(select(0.0, share, share >= LEAST_SHARE));
    return (bits + 0x7fffu + ((bits >> 16u) & 1u)) >> 16u;
}

fn largest_of_lanes(lane: u32, value: f32) -> f32 {
    lanes[lane] = value;
    workgroupBarrier();
    for (var span = LANES / 2u; span > 0u; span /= 2u) {
        if lane < span {
            lanes[lane] = max(lanes[lane], lanes[lane + span]);
        }
        workgroupBarrier();
    }
    let largest = lanes[0];
    workgroupBarrier();
    return largest;
}

fn sum_of_lanes(lane: u32, value: f32) -> f32 {
    lanes[lane] = value;
    workgroupBarrier();
    for (var span = LANES / 2u; span > 0u; span /= 2u) {
        if lane < span {
            lanes[lane] += lanes[lane + span];
        }
        workgroupBarrier();
    }
    let sum = lanes[0];
    workgroupBarrier();
    return sum;
}

@compute @workgroup_size(256)
fn main(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(num_workgroups) workgroups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let item = workgroup.y * workgroups.x + workgroup.x;
    if item >= params.count {
        return;
    }
    let x = params.first + item;
    let row = rows[x];
    let words = params.words;
    let across = min(words, LANES);
    let parts = LANES / across;
    let part = lane / across;
    if part < parts {
        for (var word = lane % across; word < words; word += across) {
            var sum = vec2<f32>();
            for (var entry = row.start + part; entry < row.end; entry += parts) {
                sum += weights[entry] * logs(table[ids[entry] * words + word]);
            }
            terms[part * words + word] = sum;
        }
    }
    workgroupBarrier();

    // ln p(z) − β KL(p(y|x) ‖ r_z), but for β KL(p(y|x) ‖ p(y)), which all atoms have in common.
    var most = -1e38;
    for (var word = lane; word < words; word += LANES) {
        var sum = terms[word];
        for (var other = 1u; other < parts; other++) {
            sum += terms[other * words + word];
        }
        let term = params.beta * sum + log_weights[word];
        terms[word] = term;
        most = max(most, max(term.x, term.y));
    }
    most = largest_of_lanes(lane, most);
    var total = 0.0;
    for (var word = lane; word < words; word += LANES) {
        let term = exp(terms[word] - most);
        terms[word] = term;
        total += term.x + term.y;
    }
    total = sum_of_lanes(lane, total);

    let log_z = most + log(total) - params.beta * row.divergence;
    let apart = params.private == 1u && log_z < row.log_mass;
    let kept = select(1.0, exp(min(log_z - row.log_mass, 0.0)), apart);
    let scale = kept / total;
    for (var word = lane; word < words; word += LANES) {
        let share = scale * terms[word];
        shares[x * words + word] = nearest(share.x) | (nearest(share.y) << 16u);
    }
    if lane == 0u {
        energies[x] = -row.mass * select(log_z, row.log_mass, apart);
    }
}
