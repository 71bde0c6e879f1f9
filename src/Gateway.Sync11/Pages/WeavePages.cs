using Lockstep.Gateway.Pages;

namespace Lockstep.Gateway.Sync11.Pages;

/// <summary>
/// The pages of Sync 1.1: a new password in place of a forgotten one, and the end of an account. Clients open the first by themselves, below the server's URL; the second is told in the documentation.
/// What they send goes to the same path, to <see cref="FormProtocol"/>.
/// </summary>
internal static class WeavePages
{
    public const string Reset = "/weave-password-reset";
    public const string Delete = "/weave-delete-account";

    /// <summary>Reads them out of the assembly.</summary>
    public static PageSet Read() => new(typeof(WeavePages).Assembly, [Reset, Delete]);
}
