//! How two channels are coded: each by itself, or one of them and their difference, or their mean and
//! their difference; as the residuals of a simple prediction let expect the shortest code.

use super::rice::code_bits;
use super::sample::Sample;

/// A frame's channel assignment (RFC 9639 §9.1.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Assignment {
    /// One channel.
    Mono,
    /// Two channels as they are.
    Independent,
    /// Left, and left − right.
    LeftSide,
    /// Left − right, and right.
    SideRight,
    /// The mean, rounded down, and left − right.
    MidSide,
}

impl Assignment {
    /// As a frame header has it.
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Self::Mono => 0,
            Self::Independent => 1,
            Self::LeftSide => 8,
            Self::SideRight => 9,
            Self::MidSide => 10,
        }
    }

    /// For each coded channel whether it is a difference, which has one bit more.
    #[must_use]
    pub fn sides(self) -> &'static [bool] {
        match self {
            Self::Mono => &[false],
            Self::Independent => &[false, false],
            Self::SideRight => &[true, false],
            Self::LeftSide | Self::MidSide => &[false, true],
        }
    }
}

/// Chooses, and fills the two channels as they are to be coded.
pub fn assign<T: Sample>(
    left: &[T],
    right: &[T],
    one: &mut Vec<i32>,
    other: &mut Vec<i32>,
) -> Assignment {
    let assignment = choose(left, right);
    let frames = || left.iter().zip(right).map(|(&l, &r)| (l.into(), r.into()));
    one.clear();
    other.clear();
    match assignment {
        Assignment::Mono | Assignment::Independent => {
            one.extend(frames().map(|(l, _)| l));
            other.extend(frames().map(|(_, r)| r));
        }
        Assignment::LeftSide => {
            one.extend(frames().map(|(l, _)| l));
            other.extend(frames().map(|(l, r)| l - r));
        }
        Assignment::SideRight => {
            one.extend(frames().map(|(l, r)| l - r));
            other.extend(frames().map(|(_, r)| r));
        }
        Assignment::MidSide => {
            one.extend(frames().map(|(l, r)| (l + r) >> 1));
            other.extend(frames().map(|(l, r)| l - r));
        }
    }
    assignment
}

fn choose<T: Sample>(left: &[T], right: &[T]) -> Assignment {
    let sums = curvature(left, right);
    let count = left.len() as u64;
    let [left, right, mid, side] = [(0, 0), (1, 0), (2, 0), (3, 1)].map(|(i, more)| {
        let bits = u64::from(T::BITS) + more;
        code_bits(2 * sums[i], count, T::PARAMETERS).min(bits * count)
    });
    let choices = [
        (left + right, Assignment::Independent),
        (left + side, Assignment::LeftSide),
        (side + right, Assignment::SideRight),
        (mid + side, Assignment::MidSide),
    ];
    let best = choices.into_iter().min_by_key(|(bits, _)| *bits);
    best.map_or(Assignment::Independent, |(_, assignment)| assignment)
}

/// The sums of the absolute second differences of left, right, mid and side.
fn curvature<T: Sample>(left: &[T], right: &[T]) -> [u64; 4] {
    let mut sums = [0; 4];
    let frames = left.len();
    let mut at = 2;
    while at < frames {
        let end = (at + T::STRETCH).min(frames);
        let mut part = [0_u32; 4];
        let bends = bends(&left[at - 2..end]).zip(bends(&right[at - 2..end]));
        for (l, r) in bends {
            let all = [l, r, (l + r) >> 1, l - r];
            for (sum, bend) in part.iter_mut().zip(all) {
                *sum += bend.unsigned_abs();
            }
        }
        for (sum, part) in sums.iter_mut().zip(part) {
            *sum += u64::from(part);
        }
        at = end;
    }
    sums
}

/// Second differences.
fn bends<T: Sample>(samples: &[T]) -> impl Iterator<Item = i32> {
    samples.windows(3).map(|w| w[2].into() - 2 * w[1].into() + w[0].into())
}
