//! Rice codes in partitions (RFC 9639 §9.2.7): the parameters are found from sums, halves folded together.

use super::bits::BitWriter;

/// Partitions are at least of this many samples, and at most 2^[`HIGHEST_ORDER`].
const HIGHEST_ORDER: u32 = 8;

/// How parameters are written; all ones are an escape.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Parameters {
    /// In four bits.
    Short,
    /// In five.
    Long,
}

impl Parameters {
    fn bits(self) -> u32 {
        match self {
            Self::Short => 4,
            Self::Long => 5,
        }
    }

    fn highest(self) -> u32 {
        (1 << self.bits()) - 2
    }
}

/// How a residual is coded: 2^`order` partitions, a parameter each.
pub struct Plan {
    order: u32,
    written: Parameters,
    parameters: [u8; 1 << HIGHEST_ORDER],
    /// About how long the code is.
    pub bits: u64,
}

/// The best plan for a block's residual, folded to unsigned, without its first `warm_up` samples.
pub fn plan(folded: &[u32], warm_up: usize, written: Parameters) -> Plan {
    let block = folded.len();
    let mut order = (block.trailing_zeros()).min(HIGHEST_ORDER);
    while order > 0 && block >> order <= warm_up {
        order -= 1;
    }
    let mut sums = [0; 1 << HIGHEST_ORDER];
    for (sum, partition) in sums.iter_mut().zip(partitions(folded, order, warm_up)) {
        *sum = partition.iter().map(|&value| u64::from(value)).sum();
    }
    let mut best = evaluate(&sums, order, (block, warm_up), written);
    while order > 0 {
        order -= 1;
        for i in 0..1 << order {
            sums[i] = sums[2 * i] + sums[2 * i + 1];
        }
        let plan = evaluate(&sums, order, (block, warm_up), written);
        if plan.bits < best.bits {
            best = plan;
        }
    }
    best
}

fn evaluate(
    sums: &[u64],
    order: u32,
    (block, warm_up): (usize, usize),
    written: Parameters,
) -> Plan {
    let mut plan = Plan { order, written, parameters: [0; 1 << HIGHEST_ORDER], bits: 0 };
    let mut count = (block >> order) - warm_up;
    for (parameter, &sum) in plan.parameters.iter_mut().zip(&sums[..1 << order]) {
        let (best, bits) = parameter_of(sum, count as u64, written);
        *parameter = best as u8;
        plan.bits += bits + u64::from(written.bits());
        count = block >> order;
    }
    plan
}

/// The best parameter for so many values of such a sum, and the length of their code, if what is cut off
/// of them is evenly distributed.
fn parameter_of(sum: u64, count: u64, written: Parameters) -> (u32, u64) {
    let reach = sum + count / 2;
    let most = (reach | 1).ilog2().saturating_sub(count.ilog2());
    let parameter = most - u32::from(most > 0 && count << most > reach);
    let parameter = parameter.min(written.highest());
    let cut_off = ((count << parameter) - count) / 2;
    let zeros = (sum - cut_off.min(sum)).div_ceil(1 << parameter);
    (parameter, count * u64::from(parameter + 1) + zeros)
}

impl Plan {
    /// Writes a residual that the plan was made for.
    pub fn write(&self, folded: &[u32], warm_up: usize, out: &mut BitWriter) {
        out.put(u64::from(self.written == Parameters::Long), 2);
        out.put(self.order.into(), 4);
        for (partition, &parameter) in partitions(folded, self.order, warm_up).zip(&self.parameters)
        {
            out.put(parameter.into(), self.written.bits());
            write_partition(partition, parameter.into(), out);
        }
    }
}

fn write_partition(values: &[u32], parameter: u32, out: &mut BitWriter) {
    // The writer is taken by value, because the compiler keeps in registers only what nobody else can reach.
    let mut own = std::mem::take(out);
    let stop = 1_u64 << parameter;
    for &value in values {
        let zeros = value >> parameter;
        let code = u64::from(value) & (stop - 1) | stop;
        if zeros < 32 {
            own.put(code, zeros + 1 + parameter);
        } else {
            own.zeros(zeros);
            own.put(code, 1 + parameter);
        }
    }
    *out = own;
}

/// A block's residual in 2^`order` partitions, the first without the warm-up.
fn partitions(folded: &[u32], order: u32, warm_up: usize) -> impl Iterator<Item = &[u32]> {
    let mut skip = warm_up;
    folded.chunks_exact(folded.len() >> order).map(move |chunk| &chunk[std::mem::take(&mut skip)..])
}

/// About how long the code of so many values of such a sum is in one partition.
pub fn code_bits(sum: u64, count: u64, written: Parameters) -> u64 {
    parameter_of(sum, count, written).1
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_code_is_at_most_half_a_bit_a_value_longer_than_thought(
            values in vec((any::<u32>(), 0..31_u32).prop_map(|(value, less)| value >> 1 >> less), 64),
            warm_up in 0..9_usize,
            written in prop_oneof![Just(Parameters::Short), Just(Parameters::Long)],
        ) {
            let plan = plan(&values, warm_up, written);
            let mut out = BitWriter::new(Vec::new(), 64 * (1 << 15));
            plan.write(&values, warm_up, &mut out);
            let bits = 8 * out.finish().len() as u64;
            prop_assert!(bits <= plan.bits + 32 + 6 + 7, "{bits}, not {}", plan.bits);
        }
    }
}
