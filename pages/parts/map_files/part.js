// A part of a map: its colours, its names or its hover card. registry.js stands before this file.

export default function ({ data, setTriggerValue }) {
  const given = setPart(data.name, data.part, data, setTriggerValue);
  return () => {
    const { parts } = entryOf(data.name);
    if (parts[data.part] === given) delete parts[data.part]; // else another took its place before this one left
  };
}
