// The map of a page: layer switch, search, popups. Every figure is read from the tables under the map and set as text,
// never as markup. `start` is called by the script that Folium writes.
const infraplan = (() => {
  "use strict";
  const byId = (id) => document.getElementById(id);
  const make = (tag, text, name) => {
    const element = document.createElement(tag);
    if (text !== undefined) element.textContent = text;
    if (name) element.className = name;
    return element;
  };
  const colorOf = (role) => getComputedStyle(document.documentElement).getPropertyValue(`--${role}`).trim();

  // Areas are SVG paths, so that they can be patterned and printed; schools are one canvas, which carries 10,000 of them
  // and lets clicks through to the areas.
  const features = (block, map) => {
    const data = JSON.parse(byId(block).textContent);
    if (block === "areas") {
      const renderer = L.svg({padding: 0.3});   // a district without a boundary is a circle at its place
      return L.geoJSON(data, {smoothFactor: 0, renderer,
        pointToLayer: (feature, place) => L.circleMarker(place, {renderer, radius: 7})});
    }
    map.createPane("schools").style.zIndex = 450;
    map.getPane("schools").style.pointerEvents = "none";
    const renderer = L.canvas({pane: "schools", padding: 0.3});
    return L.geoJSON(data, {
      pointToLayer: (feature, place) => L.circleMarker(place, {renderer, pane: "schools", interactive: false}),
    });
  };

  const start = (map, areas, points) => {
    const settings = JSON.parse(byId("map-settings").textContent);
    const frame = map.getContainer();
    const rows = new Map();       // table id -> its rows in the file's order, whatever the sorting
    const shapes = new Map();     // row number -> the area's path
    for (const table of document.querySelectorAll("table[id^=table-]")) rows.set(table.id, Array.from(table.tBodies[0].rows));
    areas.eachLayer((path) => shapes.set(path.feature.id, path));
    const areaTables = Array.from(rows.keys()).filter((id) => id.startsWith("table-area-"));
    const centerOf = (path) => path.getLatLng ? path.getLatLng() : path.getCenter();
    const boxOf = (path) => path.getLatLng ? L.latLngBounds([path.getLatLng()]) : path.getBounds();
    const border = colorOf("border");
    const panBy = map.panBy;      // popups and keys move the map at once, without gliding
    map.panBy = (offset, options) => panBy.call(map, offset, {...options, animate: false});
    let layer = settings.layers[0];
    let sheet = 0;
    const written = [];           // names of classes on the map
    let picked = null;            // the area picked last
    let opener = null;            // where the focus goes back to when a popup closes

    // ---- drawing
    const fillOf = (number) => {
      const look = layer.kind === "area" && layer.classes[layer.codes[number]];
      if (!look) return {fillColor: colorOf("ground"), fillOpacity: 1};
      return {fillColor: look.pattern ? `url(#${look.pattern})` : look.color, fillOpacity: 1};
    };
    const styleArea = (path) => {
      const chosen = path === picked;
      path.setStyle({color: chosen ? colorOf("focus") : border, weight: chosen ? 4 : 0.8, dashArray: null,
        ...fillOf(path.feature.id)});
      if (chosen) path.bringToFront();
    };
    // Districts of another kind lie over or under these: the first kind stays as thin dashed outlines, to show where one is.
    const draw = () => {
      areas.eachLayer((path) => {
        const own = path.feature.properties.sheet;
        if (own === sheet || own === 0) path.addTo(map); else path.remove();
        if (own === sheet) styleArea(path);
        else path.setStyle({color: colorOf("line"), weight: 0.7, dashArray: "3 3", fillOpacity: 0});
        if (own !== sheet && path.getElement()) path.bringToBack();
      });
      if (layer.kind === "point") {
        points.eachLayer((circle) => {
          const look = layer.classes[layer.codes[circle.feature.id]];
          circle.setStyle({radius: look.radius, color: border, weight: look.pattern ? 1.5 : 1, fillColor: look.color,
            fillOpacity: look.pattern ? 0.35 : 1});
          circle.setRadius(look.radius);
        });
        points.addTo(map);
      } else {
        points.remove();
      }
      for (const legend of document.querySelectorAll(".legend")) legend.hidden = legend.dataset.layer !== layer.id;
      frame.setAttribute("aria-label", `Map: ${layer.heading}`);
      write();
    };

    // The name of each class once, on its district nearest to the middle of them all, for layers that ask for it.
    const middleOf = (path) => path.getBounds ? path.getBounds().getCenter() : path.getLatLng();
    const write = () => {
      for (const one of written.splice(0)) one.remove();
      for (const [code, text] of Object.entries(layer.labels || {})) {
        const mine = Array.from(shapes.entries()).filter(([number]) => layer.codes[number] === Number(code)).map(([, path]) => middleOf(path));
        if (!mine.length) continue;
        const mean = L.latLng(mine.reduce((sum, one) => sum + one.lat, 0) / mine.length, mine.reduce((sum, one) => sum + one.lng, 0) / mine.length);
        const place = mine.reduce((best, one) => mean.distanceTo(one) < mean.distanceTo(best) ? one : best);
        const note = document.createElement("span");
        note.textContent = text;
        written.push(L.tooltip({permanent: true, direction: "center", className: "map-label"}).setLatLng(place).setContent(note).addTo(map));
      }
    };

    // ---- popups
    const stamp = frame.parentElement.querySelector(".map-stamp");
    const stampHeight = () => stamp ? stamp.offsetTop + stamp.offsetHeight : 0;
    const headings = (tableId) => Array.from(byId(tableId).tHead.rows[0].cells);
    const popupOf = (tableId, number, columns) => {
      const box = make("div", undefined, "figures");
      const row = rows.get(tableId)[number];
      const heads = headings(tableId);
      box.append(make("h3", row.cells[0].textContent));
      box.append(make("p", heads.slice(1, 3).filter((head) => head.dataset.column !== "area_layer" && !columns.includes(head.dataset.column))
        .map((head) => `${head.textContent} ${row.cells[head.cellIndex].textContent}`).join(", "), "quiet"));
      const list = make("dl");
      for (const head of heads.filter((one) => columns.includes(one.dataset.column))) {
        list.append(make("dt", head.textContent), make("dd", row.cells[head.cellIndex].textContent));
      }
      box.append(list);
      if (layer.source) box.append(make("p", `Source: ${layer.source}`, "quiet"));
      box.tabIndex = -1;
      return box;
    };
    const open = (place, tableId, number, columns, focus) => {
      const box = popupOf(tableId, number, columns);
      const wide = Math.min(320, frame.clientWidth - 70);
      box.style.maxHeight = `${Math.max(frame.clientHeight - stampHeight() - 90, 120)}px`;
      L.popup({maxWidth: wide, minWidth: Math.min(240, wide), autoPanPaddingTopLeft: [8, stampHeight() + 8],
        autoPanPaddingBottomRight: [8, 8]})
        .setLatLng(place).setContent(box).openOn(map);
      if (focus) box.focus({preventScroll: true});
    };
    const mark = (tableIds, number) => {
      for (const old of document.querySelectorAll("tr.picked")) { old.classList.remove("picked"); old.removeAttribute("aria-current"); }
      for (const id of tableIds) {
        const row = rows.get(id)[number];
        row.classList.add("picked");
        row.setAttribute("aria-current", "true");
        const scroller = row.closest(".scroller");
        scroller.scrollTop = row.offsetTop - scroller.clientHeight / 3;
      }
    };
    const openArea = (number, place, focus) => {
      const path = shapes.get(number);
      const tableId = layer.kind === "area" ? layer.table : areaTables[0];
      const columns = layer.kind === "area" ? layer.columns : [];
      const before = picked;
      picked = path || null;
      if (before) styleArea(before);
      if (path) styleArea(path);
      mark(areaTables, number);
      if (path || place) open(place || centerOf(path), tableId, number, columns, focus);
    };
    const nearest = (place) => {
      if (layer.kind !== "point") return null;
      const spot = map.latLngToContainerPoint(place);
      let best = null;
      let least = Infinity;
      points.eachLayer((circle) => {
        const away = spot.distanceTo(map.latLngToContainerPoint(circle.getLatLng()));
        if (away <= circle.getRadius() + 4 && away < least) { best = circle; least = away; }
      });
      return best;
    };
    const openPoint = (number, place, focus) => {
      mark([layer.table], number);
      open(place, layer.table, number, layer.columns, focus);
    };
    const pick = (place, path, focus) => {
      const circle = nearest(place);
      if (circle) openPoint(circle.feature.id, circle.getLatLng(), focus);
      else if (path && path.feature.properties.sheet === sheet) openArea(path.feature.id, place, focus);
    };
    areas.on("click", (event) => { L.DomEvent.stop(event); opener = null; pick(event.latlng, event.propagatedFrom || event.layer, false); });
    map.on("click", (event) => pick(event.latlng, null, false));
    frame.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.target !== frame) return;
      const box = frame.getBoundingClientRect();
      const under = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
      const path = Array.from(shapes.values()).find((one) => one.getElement() === under) || null;
      opener = frame;
      pick(map.getCenter(), path, true);
    });
    document.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || !frame.querySelector(".leaflet-popup")) return;
      map.closePopup();
      if (opener) opener.focus();
    });

    // ---- going to a district
    const say = (text) => { byId("map-status").textContent = text; };
    const nameOf = (number) => rows.get(areaTables[0])[number].cells[0].textContent;
    const go = (number, from) => {
      opener = from;
      const path = shapes.get(number);
      if (!path) {
        mark(areaTables, number);
        say(`${nameOf(number)} is not on the map; its row is marked in the tables.`);
        return;
      }
      if (path.feature.properties.sheet !== sheet) {
        sheet = path.feature.properties.sheet;
        document.querySelector(`input[name=sheet][value="${sheet}"]`).checked = true;
        draw();
      }
      map.fitBounds(boxOf(path), {maxZoom: wholeState + 1.5, padding: [60, 60]});
      openArea(number, centerOf(path), true);
      frame.scrollIntoView({block: "nearest"});
      say(`${nameOf(number)} is on the map.`);
    };
    const search = byId("search");
    if (search && areaTables.length) {
      const known = rows.get(areaTables[0]).map((row) => `${row.cells[0].textContent} (${row.cells[1].textContent})`);
      byId("search-names").append(...known.map((text) => { const option = make("option"); option.value = text; return option; }));
      const lower = known.map((text) => text.toLowerCase());
      const find = () => {
        const wanted = byId("search-box").value.trim().toLowerCase();
        if (!wanted) return;
        let number = lower.indexOf(wanted);
        if (number < 0) number = lower.findIndex((text) => text.startsWith(wanted));
        if (number < 0) number = lower.findIndex((text) => text.includes(wanted));
        if (number < 0) say(`No district's name or id contains “${wanted}”.`);
        else go(number, byId("search-box"));
      };
      search.addEventListener("submit", (event) => { event.preventDefault(); find(); });
      byId("search-box").addEventListener("input", (event) => { if (lower.includes(event.target.value.trim().toLowerCase())) find(); });
    }

    // Names in the district tables become buttons that show the district; one per table is in the tab order, arrows move.
    for (const id of areaTables) {
      rows.get(id).forEach((row, number) => {
        const button = make("button", row.cells[0].textContent, "show");
        button.type = "button";
        button.tabIndex = number === 0 ? 0 : -1;
        button.addEventListener("click", () => go(number, button));
        row.cells[0].replaceChildren(button);
      });
      byId(id).tBodies[0].addEventListener("keydown", (event) => {
        const row = event.target.closest("tr");
        const next = event.key === "ArrowDown" ? row.nextElementSibling : event.key === "ArrowUp" ? row.previousElementSibling : null;
        if (!next || event.target.className !== "show") return;
        event.preventDefault();
        event.target.tabIndex = -1;
        const button = next.cells[0].firstElementChild;
        button.tabIndex = 0;
        button.focus();
      });
    }

    // ---- choices
    byId("layer-choice").addEventListener("change", (event) => {
      layer = settings.layers.find((one) => one.id === event.target.value);
      map.closePopup();
      draw();
      say(`The map shows: ${layer.heading}.`);
    });
    const sheets = byId("sheet-choice");
    if (sheets) sheets.addEventListener("change", (event) => { sheet = Number(event.target.value); map.closePopup(); draw(); });

    // ---- fitting, also to paper
    const fit = () => { map.invalidateSize({animate: false}); map.fitBounds(settings.bounds, {paddingTopLeft: [12, stampHeight() + 12], paddingBottomRight: [12, 12], animate: false}); };
    L.control.zoom({position: "bottomright"}).addTo(map);  // where no popup and no stamp lies over it
    L.control.scale({imperial: true, metric: true}).addTo(map);
    map.setView(L.latLngBounds(settings.bounds).getCenter(), 6);
    fit();
    const wholeState = map.getZoom();
    map.setMinZoom(Math.max(wholeState - 2, 0));
    const firstSheet = document.querySelector("input[name=sheet]:checked");
    if (firstSheet) sheet = Number(firstSheet.value);
    else if (shapes.size) sheet = shapes.values().next().value.feature.properties.sheet;
    const first = document.querySelector("input[name=layer]:checked");
    if (first) layer = settings.layers.find((one) => one.id === first.value) || layer;
    draw();
    window.addEventListener("beforeprint", () => { document.documentElement.classList.add("printing"); fit(); });
    window.addEventListener("afterprint", () => { document.documentElement.classList.remove("printing"); fit(); });
    new ResizeObserver(() => map.invalidateSize({animate: false})).observe(frame);
    frame.dataset.ready = "yes";
  };

  return {features, start};
})();
