# Words of divisions and unit grids.
grid-menu = Territory
grid-all = Territory and grids
grid-map = Divisions and unit grids
grid-divisions = Divisions
grid-name = Name
grid-level = Level
grid-level-province = province
grid-level-city = city
grid-level-district = district
grid-level-street = street
grid-level-community = community
grid-cells = Unit grids
grid-area = Area
grid-residents = Residents
grid-households = Households
grid-code = Code
grid-land-use = Land use
grid-beat = Beat
grid-drawn = drawn
grid-empty = There are no divisions below this one and no unit grids
grid-empty-advice = A system administrator imports them under Administration, or with the commands shiyu import divisions and shiyu import grid.
grid-draw = Draw square unit grids
grid-error-unusable-file = { $line ->
    [0] The file cannot be used, and nothing was written: { $reason }
   *[other] The file cannot be used, and nothing was written. Line { $line }: { $reason }
}
