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
grid-error-unusable-file = The file cannot be used, and nothing was written: { $fault }
grid-file-fault = { $line ->
    [0] {""}
   *[other] line { $line }:{" "}
}{ $what ->
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
    [unreadable_map] the map is no whole TOML ({ $reason })
    [unusable_map] “{ $field }” of the map: { $reason }
    [unreadable_set] this is no set of definitions ({ $reason })
    [set_taken] this version of the set is there already and says something else; a changed set needs the next version
    [no_file] no file was chosen
    [no_metres] say how large a cell is
    [no_border] no border of that division is known: import it first, or give a file
    [cannot_draw] cells cannot be drawn so ({ $reason })
    [nothing_to_draw] it holds no area to draw over
    [no_points] cells can only be drawn where the map has columns lat and lon
   *[other] { $reason }
}
# Why a row of an import is not taken, or a file cannot be used: grid-reject- and the code. grid-column- are the names of columns.
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
grid-reject-unit-over = the unit { $unit } ended on { $end }
grid-reject-unit-over-heir = the unit { $unit } ended on { $end }; its work went to { $heir } { $name }
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
grid-reject-at = { $at }: { $reason }
grid-reject-order-rows = an order has 1 to { $most } rows
grid-reject-missing-column = there is no column “{ $name }”{ $names ->
    [empty] {""}
   *[other] {" "}(it may also be called { $names })
}
grid-reject-bad-shift = a shift of beat { $beat } has a weekday outside 1 to 7 or minutes outside a day
grid-reject-bad-catalogue = the word for a catalogue has 1 to 60 characters and does not begin with local:, unlike “{ $id }”
grid-reject-unwritable = “{ $file }” cannot be written ({ $said })
grid-reject-file-io = it cannot be read ({ $said })
grid-reject-file-long-record = a record has more than { $most } bytes: is a quotation mark missing?
grid-reject-file-not-utf8 = it is not text in UTF-8
grid-reject-map-source = the source needs a name of 1 to 100 characters
grid-reject-map-timezone = there is no time zone “{ $given }”
grid-reject-map-crs = “{ $given }” is no system of coordinates; it can be wgs84, cgcs2000, gcj02 or bd09
grid-reject-map-district = a district has six digits
grid-reject-map-meaning = a column cannot mean “{ $field }”; it can mean { $known }
grid-reject-map-column-needed = the map has to say which column is { $field }
grid-reject-map-point = lat and lon go together
grid-reject-map-states = there is a table of states but no column for them
grid-reject-map-format = the time format “{ $given }” cannot be used: a format needs a date, such as %Y-%m-%d
grid-reject-map-time = the time “{ $given }” cannot be read
grid-reject-map-missing-column = the file has no column “{ $name }”; it has { $known }
grid-reject-map-status = “{ $given }” is no status; it can be { $known }
grid-reject-draw-metres = a cell of { $metres } m: a side has 10 to 5000 m
grid-reject-draw-other-size = district { $district } has cells of { $there } m; draw with the same size, not { $wanted } m
grid-reject-draw-no-street = district { $district } has no street number left to draw under
grid-reject-draw-many = more than { $most } cells: draw larger ones
grid-reject-draw-many-in-community = { $cells } cells in community { $community }, at most { $most } can be numbered: draw larger ones
grid-reject-draw-many-communities = { $communities } communities would be needed in { $division }: draw larger cells
grid-reject-draw-too-high = { $division } is above a district: draw districts, streets or communities
grid-reject-draw-real-divisions = { $division } has real divisions such as { $real } ({ $name }): draw over its communities instead
grid-reject-draw-other-grids = community { $community } already has { $there } other grids; a changed grid needs a new code
grid-reject-calendar-no-date = “{ $given }” is not a date of the form 2026-01-31
grid-reject-calendar-no-month-day = “{ $given }” is not a day of the year of the form 06-01
grid-reject-calendar-no-range = “{ $given }” is not of the form 2026-06-01..2026-09-30
grid-reject-calendar-no-season = “{ $given }” is not of the form 06-01..09-30
grid-reject-calendar-no-period = “{ $given }” is not a working period of the form 08:00-12:00
grid-reject-calendar-backward-period = “{ $given }”: a working period ends after it begins
grid-reject-calendar-late-period = “{ $given }”: a working period ends by 24:00
grid-reject-calendar-no-periods = there is no working period
grid-reject-calendar-overlap = { $first } and { $second } overlap
grid-reject-calendar-periods-twice = line { $line } says the usual hours already; write the hours of a time as “hours DATE..DATE”
grid-reject-calendar-hours-twice = the usual hours are said already; hours of a time need “from” or “to”
grid-reject-calendar-no-year = “{ $given }” is not a year from 1900 to 2200
grid-reject-calendar-backward = { $from }..{ $to } ends before it begins
grid-reject-calendar-long = { $from }..{ $to } is longer than { $most } days
grid-reject-calendar-no-year-yet = a day stands before the first line “year”
grid-reject-calendar-unknown-word = the word “{ $given }” is not known
grid-reject-calendar-no-version = the version has no name
grid-reject-calendar-late-validity = the validity has to stand before days and hours
grid-reject-calendar-other-year = { $date } does not belong to the notice of { $year }
grid-reject-calendar-outside-validity = { $date } lies outside the validity { $from }..{ $to }
grid-reject-calendar-line-break = the name of { $date } has a line break
grid-reject-calendar-two-kinds = { $date } is named both off and work
grid-reject-calendar-no-years = a calendar needs years, or a year and its days
grid-reject-calendar-no-days = the file names no day
grid-reject-calendar-many-days = the file names more than { $most } days
grid-reject-calendar-no-ics-date = “{ $given }” is not a date of the form 20260131
grid-reject-calendar-has-time = “{ $given }” has a time: only whole days can be off or worked
grid-reject-calendar-repeats = a rule that repeats cannot say which days are shifted (调休): name each day
grid-reject-calendar-cut-off = the file is cut off: END:VCALENDAR is missing
grid-reject-calendar-no-start = an event does not say when it begins (DTSTART)
grid-reject-calendar-no-column = the column { $name } is missing
grid-reject-calendar-unknown-kind = “{ $given }” says neither off 休 nor work 班
grid-reject-calendar-reader = { $said }
# What a person should look at although it was taken: grid-remark- and the code.
grid-remark-crossing = division { $division }: the border crosses itself near { $at }
grid-remark-no-parent = division { $division }: its parent { $parent } is not in the register
grid-remark-no-community = grid { $grid }: its community is not in the register
grid-remark-outside-community = grid { $grid } lies outside its community { $community }
grid-remark-overlap = grids { $first } and { $second } overlap
grid-remark-gap = there is a gap beside grid { $grid } at { $lon }, { $lat }
grid-remark-many-grids = community { $community } has { $cells } grids, at most { $most } can be numbered
grid-remark-no-unit-above = the unit above, “{ $unit }”, is not in the register
grid-remark-units-differ = class { $class } names different units on different lines: no duty is made for it
grid-remark-no-unit = no unit “{ $unit }” is registered ({ $classes } classes)
grid-remark-set-silence = { $id } rewards silence by { $part }: it is kept and shown, but not graded
grid-remark-set-target = { $id } has the count { $part } as a target: it is kept and shown, but not graded
grid-remark-set-holders = { $id } is of { $holders } holders: it is kept and shown, but not graded
grid-remark-set-not-hundred = { $id } is not of 100 points: it is kept and shown, but not graded
grid-remark-set-gone = { $set } has no { $id } any more
grid-remark-several-units = several units are called “{ $unit }”: name it by its code ({ $classes } classes)
grid-reject-set-unreadable = it cannot be read ({ $reason })
grid-reject-set-too-long = it is longer than 1 MB
grid-reject-set-version = versions count from 1
grid-reject-set-empty = there is no rate in it
grid-reject-set-too-many = there are more than { $most } rates or scores
grid-reject-set-grades = the best grade stands first, and each begins below the last
grid-reject-set-finite = it is not a finite number
grid-reject-set-sum-over = the weights add up to { $points }, to more than 100
grid-reject-set-sum = the weights of what is graded add up to 100, not to { $points }
grid-reject-set-twice = this id stands twice
grid-reject-set-post = there is no post “{ $name }”
grid-reject-set-no-post = a score of a post needs post
grid-reject-set-post-elsewhere = post is for scores of posts only
grid-reject-set-no-part = it has no part
grid-reject-set-weight = a weight is more than 0 and at most 100
grid-reject-set-no-share = “{ $name }” is not a share
grid-reject-set-no-rate = there is no rate “{ $name }”
grid-reject-set-no-word = there is no word “{ $name }” to count by
grid-reject-set-no-bands = a count needs bands
grid-reject-set-inverted = a count is turned round by its bands, not by inverted
grid-reject-set-part = a part is either a rate or a count
grid-reject-set-per-grid = per_grid is for counts of regions
grid-reject-set-last-band = the last band, and only that, has no end
grid-reject-set-bands = the bands go upwards
grid-reject-set-points = the points of a band lie between 0 and 100
grid-reject-set-id = an id has 1 to 80 of the characters a-z, 0-9, _, - and /
grid-reject-set-name = a name has 1 to 120 characters
grid-reject-set-terms = 1 to 12 words are summed
grid-reject-set-whole = sound by itself, but a set is taken whole or not at all
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
grid-column-from = from
grid-column-to = to
grid-column-row = row
