namespace Lockstep.Hostile;

/// <summary>What one person, or anybody, does to a server that others use.</summary>
/// <param name="Name">In the table.</param>
/// <param name="Prepare">Makes what it needs, before anything is measured.</param>
/// <param name="RunAsync">Goes on until it is cancelled. What the server answers is looked at by nobody.</param>
internal sealed record Abuse(string Name, Func<Uri, Task> Prepare, Func<Uri, CancellationToken, Task> RunAsync);
