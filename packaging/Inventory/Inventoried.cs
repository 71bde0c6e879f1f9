namespace Lockstep.Inventory;

/// <summary>The program, and the parts of others that it has in it.</summary>
/// <param name="Version">The program's.</param>
/// <param name="Direct">The names of the parts that the program's own projects ask for.</param>
/// <param name="Components">All parts, by name.</param>
internal sealed record Inventoried(string Version, IReadOnlyList<string> Direct, IReadOnlyList<Component> Components);
