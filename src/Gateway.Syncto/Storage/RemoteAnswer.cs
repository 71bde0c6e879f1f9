using System.Net;

namespace Lockstep.Gateway.Syncto.Storage;

/// <summary>What another server answered, read whole.</summary>
/// <param name="Status">The status.</param>
/// <param name="Body">The body.</param>
/// <param name="Header">A header's value, or null.</param>
internal sealed record RemoteAnswer(HttpStatusCode Status, ReadOnlyMemory<byte> Body, Func<string, string?> Header);
