namespace Lockstep.Bench;

/// <summary>What is sent and what must come back, in a closed loop on each of its connections.</summary>
/// <param name="Name">For the table.</param>
/// <param name="Server">Who answers.</param>
/// <param name="Requests">One a connection.</param>
/// <param name="IsRight">Whether a status and a body are as expected; all else counts as an error.</param>
/// <param name="HasPartner">Whether pgbench can do the same, with as many clients.</param>
internal sealed record Scenario(
    string Name, ServerProcess Server, IReadOnlyList<RequestTemplate> Requests, Func<int, ReadOnlySpan<byte>, bool> IsRight, bool HasPartner = false);
