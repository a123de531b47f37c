// A part of a map: its colours, its names or its hover card. registry.js stands before this file.

export default function ({ data, setTriggerValue }) {
  setPart(data.name, data.part, data, setTriggerValue);
  return () => delete entryOf(data.name).parts[data.part];
}
