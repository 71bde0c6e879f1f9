using Lockstep.Gateway.Pages;

namespace Lockstep.Gateway.Sync11.Pages;

/// <summary>
/// The pages of Sync 1.1: one to replace a forgotten password, and one to delete an account. Clients open the first by themselves, below the server's URL; the documentation names the second.
/// Their forms go to the same path, to <see cref="FormProtocol"/>.
/// </summary>
internal static class WeavePages
{
    public const string Reset = "/weave-password-reset";
    public const string Delete = "/weave-delete-account";

    /// <summary>Reads them from the assembly.</summary>
    public static PageSet Read() => new(typeof(WeavePages).Assembly, [Reset, Delete]);
}
