//! Places on the map, and how far they are apart.

use super::model::Place;

impl Place {
    /// Of degrees; `None` for what is not on the map.
    #[must_use]
    pub fn of(north: f64, east: f64) -> Option<Self> {
        #[allow(clippy::cast_possible_truncation)]
        let parts = |degrees: f64| (degrees * 10_000.0).round() as i32;
        (north.abs() <= 90.0 && east.abs() <= 180.0)
            .then(|| Self { north: parts(north), east: parts(east) })
    }

    /// How far it is to another place, as the crow flies, in metres.
    #[must_use]
    pub fn metres_to(self, other: Self) -> f64 {
        const EARTH: f64 = 6_371_000.0;
        let radians = |parts: i32| (f64::from(parts) / 10_000.0).to_radians();
        let (from, to) = (radians(self.north), radians(other.north));
        let north = ((to - from) / 2.0).sin();
        let east = ((radians(other.east) - radians(self.east)) / 2.0).sin();
        let chord = north.mul_add(north, from.cos() * to.cos() * east * east);
        2.0 * EARTH * chord.clamp(0.0, 1.0).sqrt().asin()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_are_those_of_the_map() {
        let place = |north, east| Place::of(north, east).unwrap();
        let (vilnius, kaunas) = (place(54.6872, 25.2797), place(54.8985, 23.9036));
        let km = vilnius.metres_to(kaunas) / 1_000.0;
        assert!((90.0..94.0).contains(&km), "{km}");
        assert!(vilnius.metres_to(vilnius) < 1.0);
        // Across the date line it is not far.
        assert!(place(0.0, 179.9).metres_to(place(0.0, -179.9)) < 30_000.0);
        let around = place(90.0, 0.0).metres_to(place(-90.0, 0.0)) / 1_000.0;
        assert!((20_000.0..20_030.0).contains(&around), "{around}");
        for (north, east) in [(90.1, 0.0), (0.0, 180.1), (f64::NAN, 0.0), (0.0, f64::INFINITY)] {
            assert_eq!(Place::of(north, east), None);
        }
    }
}
