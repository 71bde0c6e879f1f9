using Lockstep.Gateway.Console.Administration.Figures;

namespace Lockstep.Gateway.Console.Administration.Cluster;

/// <summary>A silo as the table of members has it, with what it says of itself.</summary>
/// <param name="Name">Machine and port: <c>db-1:11111</c>.</param>
/// <param name="Address">Where other members reach it, and the number of its start: <c>10.0.0.7:11111@3</c>.</param>
/// <param name="Status">Orleans' word for it: <c>Active</c>, <c>Dead</c>, <c>ShuttingDown</c>.</param>
/// <param name="IsOwn">Whether it is in the process that answers.</param>
/// <param name="Since">When it joined, in milliseconds since the Unix epoch, by its own clock.</param>
/// <param name="Seen">Its last sign of life in the table, in the same form.</param>
/// <param name="Figures">Its figures; null for one that does not answer, and for one of a version that has none.</param>
public sealed record SiloState(string Name, string Address, string Status, bool IsOwn, long Since, long Seen, FigureReport? Figures);
