// The maps on the page by their names, and the parts that have come for each: whichever is there first, a part is
// handed to the map as soon as both are there, and again to a map that takes the place of another.

function entryOf(name) {
  const maps = (globalThis.sampleMaps ??= new Map());
  if (!maps.has(name)) maps.set(name, { map: null, parts: {} });
  return maps.get(name);
}

function setMap(name, map) {
  const entry = entryOf(name);
  entry.map = map;
  if (map) for (const [kind, given] of Object.entries(entry.parts)) map[kind](...given);
}

function setPart(name, kind, ...given) {
  const entry = entryOf(name);
  entry.parts[kind] = given;
  entry.map?.[kind](...given);
  return given;
}
