using System.Net;

namespace Lockstep.Silo.Doctor;

/// <summary>A request to the public URL, as it arrives where the server listens.</summary>
/// <param name="From">Who has sent it on; null over a socket.</param>
/// <param name="Protocol">As <c>HTTP/1.1</c>.</param>
/// <param name="Path">Its path.</param>
/// <param name="Headers">Its headers, by their names.</param>
internal sealed record SeenRequest(IPAddress? From, string Protocol, string Path, IReadOnlyDictionary<string, string> Headers)
{
    public string? Header(string name) => Headers.GetValueOrDefault(name);
}
