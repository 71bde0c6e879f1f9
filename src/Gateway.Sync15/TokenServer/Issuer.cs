using Lockstep.Core.Assignments;
using Lockstep.Gateway.Federation;

namespace Lockstep.Gateway.Sync15.TokenServer;

/// <summary>An account server: the claims of its tokens, and how they are verified.</summary>
/// <param name="Options">As set, complete.</param>
/// <param name="Keys">Null where they cannot be read from anywhere.</param>
/// <param name="Remote">Null where the server cannot be asked.</param>
internal sealed record Issuer(IssuerOptions Options, IssuerKeys? Keys, RemoteVerifier? Remote)
{
    public string Name => Options.Name;

    public UserIdentity User(string subject) => new(Name, subject);
}
