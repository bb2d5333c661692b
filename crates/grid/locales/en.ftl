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
grid-error-unusable-file = The file cannot be used, and nothing was written: { $line ->
    [0] {""}
   *[other] line { $line }:{" "}
}{ $what ->
    [missing_column] there is no column “{ $field }”: { $reason }
    [forbidden_column] the column “{ $field }” is refused: this program keeps no score, rank, label or trait of a person
    [refused_column] the column “{ $field }” is refused: this program keeps no score, rank, label or trait of a person
    [column_twice] two columns mean “{ $field }”
    [doubled_column] the column of “{ $field }” is there twice
    [not_utf8] it is not text in UTF-8
    [old_workbook] it is a workbook of the old kind (.xls): save it as .xlsx
    [unreadable_workbook] the workbook cannot be read, it may be damaged
    [too_large] it is too large
    [no_header] it has no header line
    [unreadable_csv] the header cannot be read: a quotation mark may be missing
    [unreadable_geojson] it is no whole GeoJSON: a bracket is not closed, or it holds no collection of features
    [unknown_crs] its system of coordinates is not known: convert it to degrees of WGS 84 or CGCS2000
    [empty_file] it is empty
    [empty_calendar] the calendar names no year, no day and no hours
    [bad_version] a calendar version has 1 to 100 characters and no slash
    [version_taken] this version of the calendar is there with other content, and deadlines refer to it: give the new one another version
    [year_not_announced] it claims to know the year { $field } but does not name its National Day ({ $field }-10-01) as off, as the notice of every year does. Until that notice is out, deadlines of { $field } stay provisional; days of your own that are fixed already go into a CSV file or under “local”
    [unreadable_calendar] the calendar cannot be read ({ $reason })
    [no_file] no file was chosen
    [no_metres] say how large a cell is
    [no_border] no border of that division is known: import it first, or give a file
    [cannot_draw] cells cannot be drawn so ({ $reason })
    [nothing_to_draw] it holds no area to draw over
    [no_points] cells can only be drawn where the map has columns lat and lon
   *[other] { $reason }
}
# Why a row of an import is not taken: grid-reject- and the code. grid-column- are the names of columns.
grid-reject-line = line { $line }, { $column }: { $reason }
grid-reject-empty = is empty
grid-reject-too-long = longer than { $most } characters
grid-reject-no-date = not a date of the form yyyy-mm-dd
grid-reject-backward = ends before it begins
grid-reject-no-count = not a whole number of 0 or more
grid-reject-no-flag = neither yes nor no (1, 0, true, false, 是, 否)
grid-reject-formula = is a formula without a result: let the spreadsheet work it out and save it, or write what it means
grid-reject-cell-error = is an error of the spreadsheet: write what it means
grid-reject-unreadable-row = cannot read the row: a quotation mark may be missing
grid-reject-forbidden-column = column “{ $name }” is refused because of “{ $word }”: this program keeps no score, rank, label or trait of a person
grid-reject-forbidden-class = class “{ $name }” is refused because of “{ $word }”: this program keeps no score, rank, label or trait of a person
grid-reject-person-number = looks like the number of a resident’s ID, which belongs in the vault and nowhere else
grid-reject-bad-code = the code has the wrong length or something other than digits
grid-reject-no-property = the feature has no such property
grid-reject-no-polygon = not a GeoJSON polygon or multipolygon
grid-reject-no-ring = the polygon has no ring
grid-reject-open-ring = ring { $ring } is not closed
grid-reject-flat-ring = ring { $ring } encloses nothing
grid-reject-bad-vertex = ring { $ring }, vertex { $vertex }: a coordinate is missing, not a number or out of range
grid-reject-many-vertices = the border has too many vertices
grid-reject-crossing = the border crosses itself near { $lon }, { $lat }
grid-reject-limit-amount = no amount in front of the clock
grid-reject-limit-bounds = the amount is outside 1 to { $max }
grid-reject-limit-fraction = the amount is a whole number; write part of a day in hours
grid-reject-limit-clock = expected UH 紧急工作时, UD 紧急工作日, WH 工作时, WD 工作日 or CD 自然日
grid-reject-limit-bare = “{ $unit }” does not say which clock it means; write it, or say so in the options of the import
grid-reject-limit-remark = “{ $remark }” speaks of another time; write one limit, or one line for each
grid-reject-limit-two-clocks = its own words name two clocks
grid-reject-limit-bracket = a bracket is not closed
grid-reject-limit-rest = “{ $rest }” stands after it
grid-reject-twice = stands on line { $line } with other content
grid-reject-unknown-grid = no such unit grid
grid-reject-other-beat = already in beat { $beat }
grid-reject-unit-kind = unknown kind of unit: expected party, government, enterprise, public_institution, social_organisation, mass_organisation, residents_committee or individual
grid-reject-kept-code = a code with a slash is kept for units that imports make
grid-reject-no-office-phone = not the phone number of an office
grid-reject-unknown-class = no class of the catalogue begins with this
grid-reject-unknown-beat = no such beat
grid-reject-unknown-unit = no unit has this code
grid-reject-two-places = a duty names a division or a beat, not both
grid-reject-no-task = is none of verify 核实, check 核查
grid-reject-limit-goes-on = is empty, and a file without merged cells does not say whether the limit above goes on: write it, or 无
grid-reject-two-limits = class { $class } has the same condition with the limit “{ $limit }” on line { $line }{ $sheet ->
    [empty] {""}
   *[other] {" "}of “{ $sheet }”
}: which of them counts?
grid-reject-says-otherwise = says otherwise than line { $line } about class { $class }
grid-reject-same-rule = this class has another condition of this number
grid-reject-no-class-number = not a class number of two digits
grid-reject-matter-kind = expected component 部件, event 事件 or other 其他
grid-reject-kind-nowhere = is empty: neither a column, the name of the worksheet nor an option says component or event
grid-reject-conduct-warnable = conduct of persons never raises warnings: this program keeps no score, rank, label or trait of a person
grid-reject-no-rule-number = not a number from 1 to 999
grid-reject-no-limit = is empty: write the limit, or 无 where there is none
grid-reject-fields = the row has { $found } fields, the header { $header }
grid-reject-no-id = the row has no id
grid-reject-nul = the value has a NUL character
grid-reject-no-report-time = the row does not say when it was reported
grid-reject-unknown-status = not in the map’s table of states: { $known }
grid-reject-no-time = no time format of the map reads this
grid-reject-time-range = outside the range of time
grid-reject-same-id = this id stands further up with other content
grid-column-code = code
grid-column-name = name
grid-column-name-en = name_en
grid-column-kind = kind
grid-column-parent = parent
grid-column-division = division
grid-column-phone = phone
grid-column-valid-from = valid_from
grid-column-valid-to = valid_to
grid-column-residents = residents
grid-column-households = households
grid-column-adcode = adcode
grid-column-geometry = geometry
grid-column-grid = grid
grid-column-beat = beat
grid-column-land-use = land_use
grid-column-major = major
grid-column-minor = minor
grid-column-major-name = major_name
grid-column-name-zh = name_zh
grid-column-rule-no = rule_no
grid-column-condition = condition
grid-column-limit = limit
grid-column-closing = closing
grid-column-evidence = evidence
grid-column-legal-basis = legal_basis
grid-column-mandatory = mandatory
grid-column-local = local
grid-column-keywords = keywords
grid-column-default-nature = default_nature
grid-column-public = public
grid-column-warnable = warnable
grid-column-confidential = confidential
grid-column-verify = verify
grid-column-claimable = claimable
grid-column-unit = unit
grid-column-competent = competent
grid-column-owning = owning
grid-column-maintaining = maintaining
grid-column-handling = handling
grid-column-catalogue = catalogue
grid-column-matter = matter
grid-column-list = list
grid-column-task = task
grid-column-approved-by = approved_by
grid-column-approved-on = approved_on
grid-column-id = id
grid-column-reported-at = reported_at
grid-column-closed-at = closed_at
grid-column-due-at = due_at
grid-column-status = status
grid-column-channel = channel
grid-column-description = description
grid-column-address = address
grid-column-lat = lat
grid-column-lon = lon
grid-column-row = row
