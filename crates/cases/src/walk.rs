//! The order in which a worker walks to today's tasks. Pure.
//!
//! A short open path through all points: nearest neighbour, then 2-opt (Croes 1958) until no exchange shortens it. The
//! points of one worker are few, so that the exact shortest path would gain a few steps and cost a reader much.

use kernel::geo::Point;

/// More points than this are not put in order beyond the nearest neighbour.
const MOST_IMPROVED: usize = 200;

/// The indices of `points` in walking order, beginning near `start`; without a start the first point stays the first.
/// Ties fall to the earlier point, so that two runs agree.
pub fn order(points: &[Point], start: Option<Point>) -> Vec<usize> {
    let mut left: Vec<usize> = (0..points.len()).collect();
    let mut path = Vec::with_capacity(points.len());
    let mut here = start;
    if here.is_none() && !left.is_empty() {
        path.push(left.remove(0));
        here = Some(points[0]);
    }
    while let Some(from) = here.filter(|_| !left.is_empty()) {
        let (nearest, _) = left
            .iter()
            .enumerate()
            .map(|(i, &p)| (i, from.distance_m(points[p])))
            .fold((0, f64::INFINITY), |best, next| {
                if next.1 < best.1 { next } else { best }
            });
        let next = left.remove(nearest);
        path.push(next);
        here = Some(points[next]);
    }
    if path.len() <= MOST_IMPROVED {
        improve(&mut path, points, start);
    }
    path
}

/// Turns stretches of the path around as long as that makes it shorter. The beginning stays where there is no start.
fn improve(path: &mut [usize], points: &[Point], start: Option<Point>) {
    /// Shorter by less than this is not shorter: a millimetre.
    const STEP_M: f64 = 0.001;
    let first = usize::from(start.is_none());
    let place = |path: &[usize], i: usize| match i.checked_sub(1) {
        Some(before) => Some(points[path[before]]),
        None => start,
    };
    loop {
        let mut is_shorter = false;
        for i in first..path.len() {
            for j in i + 1..path.len() {
                let (a, b) = (points[path[i]], points[path[j]]);
                let into = place(path, i);
                let out = path.get(j + 1).map(|&p| points[p]);
                let cost = |head: Point, tail: Point| {
                    into.map_or(0.0, |p| p.distance_m(head))
                        + out.map_or(0.0, |p| tail.distance_m(p))
                };
                if cost(b, a) + STEP_M < cost(a, b) {
                    path[i..=j].reverse();
                    is_shorter = true;
                }
            }
        }
        if !is_shorter {
            return;
        }
    }
}

/// How long a path is, in metres.
pub fn length_m(points: &[Point], path: &[usize], start: Option<Point>) -> f64 {
    let mut here = start;
    let mut sum = 0.0;
    for &i in path {
        sum += here.map_or(0.0, |p| p.distance_m(points[i]));
        here = Some(points[i]);
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn point(lon: f64, lat: f64) -> Point {
        Point::new(lon, lat).expect("a point on earth")
    }

    /// The shortest of all orders, by trying each.
    fn shortest(points: &[Point], start: Option<Point>) -> f64 {
        fn go(
            points: &[Point],
            path: &mut Vec<usize>,
            left: &mut Vec<usize>,
            start: Option<Point>,
            best: &mut f64,
        ) {
            if left.is_empty() {
                *best = best.min(length_m(points, path, start));
                return;
            }
            for i in 0..left.len() {
                let next = left.remove(i);
                path.push(next);
                go(points, path, left, start, best);
                path.pop();
                left.insert(i, next);
            }
        }
        let mut best = f64::INFINITY;
        let (mut path, mut left): (Vec<usize>, Vec<usize>) = match start {
            Some(_) => (vec![], (0..points.len()).collect()),
            None => (vec![0], (1..points.len()).collect()),
        };
        go(points, &mut path, &mut left, start, &mut best);
        best
    }

    fn some_points(most: usize) -> impl Strategy<Value = Vec<Point>> {
        prop::collection::vec((120.0..120.02_f64, 30.0..30.02_f64), 0..most)
            .prop_map(|all| all.into_iter().map(|(lon, lat)| point(lon, lat)).collect())
    }

    proptest! {
        #[test]
        fn every_task_is_visited_once(points in some_points(40), has_start: bool) {
            let start = has_start.then(|| point(120.01, 30.01));
            let mut path = order(&points, start);
            prop_assert_eq!(&path, &order(&points, start));
            prop_assert!(has_start || points.is_empty() || path[0] == 0, "the first stays the first");
            path.sort_unstable();
            prop_assert_eq!(path, (0..points.len()).collect::<Vec<_>>());
        }

        #[test]
        fn the_way_is_hardly_longer_than_the_shortest(points in some_points(7), has_start: bool) {
            prop_assume!(points.len() > 1);
            let start = has_start.then(|| point(120.0, 30.0));
            let way = length_m(&points, &order(&points, start), start);
            let best = shortest(&points, start);
            prop_assert!(way <= best * 1.5 + 0.01, "{way} against {best}");
            prop_assert!(way >= best - 0.01);
        }
    }

    #[test]
    fn points_on_a_line_are_walked_along_it() {
        let line: Vec<Point> = [0.0, 3.0, 1.0, 2.0]
            .iter()
            .map(|x| point(120.0 + x / 1000.0, 30.0))
            .collect();
        assert_eq!(order(&line, Some(point(119.999, 30.0))), [0, 2, 3, 1]);
        assert_eq!(order(&line, None), [0, 2, 3, 1]);
        assert_eq!(order(&[], None), Vec::<usize>::new());
        assert_eq!(order(&[line[0]], Some(line[1])), [0]);
    }
}
