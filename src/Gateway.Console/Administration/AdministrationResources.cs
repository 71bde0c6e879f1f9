using Lockstep.Gateway.Pipeline;
using Lockstep.Gateway.Routing;

namespace Lockstep.Gateway.Console.Administration;

/// <summary>The resources of administrators.</summary>
internal static class AdministrationResources
{
    /// <param name="method">Makes a method that only administrators may use.</param>
    public static IEnumerable<Resource<ConsoleHandler>> Of(Func<string, ConsoleHandler, ResourceMethod<ConsoleHandler>> method)
    {
        yield return new("/settings", method("GET", static (handlers, _, _) => ValueTask.FromResult(handlers.Administration.Settings.Show())));
        yield return new("/figures", method("GET", static (handlers, _, cancellationToken) => handlers.Administration.Figures.ShowAsync(cancellationToken)));
        yield return new("/health", method("GET", static (handlers, _, cancellationToken) => handlers.Administration.Health.ShowAsync(cancellationToken)));
        yield return new("/audit", method("GET", static (handlers, _, _) => ValueTask.FromResult(handlers.Administration.Audit.Show())));
        yield return new(
            "/invitations",
            method("GET", static (handlers, _, cancellationToken) => handlers.Administration.Invitations.ListAsync(cancellationToken)),
            method("POST", static (handlers, request, cancellationToken) => handlers.Administration.Invitations.MakeAsync(request, cancellationToken)));
        yield return new("/invitations/{invitation}", method("DELETE", static (handlers, request, cancellationToken) => handlers.Administration.Invitations.RevokeAsync(request, cancellationToken)));
        yield return new(
            "/accounts",
            method("GET", static (handlers, request, cancellationToken) => handlers.Administration.Accounts.ListAsync(request, cancellationToken)),
            method("POST", static (handlers, request, cancellationToken) => handlers.Administration.Accounts.CreateAsync(request, cancellationToken)));
        yield return new(
            "/accounts/{account}",
            method("GET", static (handlers, request, cancellationToken) => handlers.Administration.Accounts.ShowAsync(request, cancellationToken)),
            method("DELETE", static (handlers, request, cancellationToken) => handlers.Administration.Accounts.DeleteAsync(request, cancellationToken)));
        yield return new("/accounts/{account}/password", method("POST", static (handlers, request, cancellationToken) => handlers.Administration.Accounts.ResetPasswordAsync(request, cancellationToken)));
        yield return new("/accounts/{account}/state", method("PUT", static (handlers, request, cancellationToken) => handlers.Administration.States.PutAsync(request, cancellationToken)));
        yield return new("/accounts/{account}/quota", method("PUT", static (handlers, request, cancellationToken) => handlers.Administration.Quotas.PutAsync(request, cancellationToken)));
        yield return new("/accounts/{account}/buckets", method("GET", static (handlers, request, cancellationToken) => handlers.Administration.Buckets.ListAsync(request, cancellationToken)));
        yield return new(
            "/accounts/{account}/buckets/{bucket}",
            method("GET", static (handlers, request, cancellationToken) => handlers.Administration.Buckets.ShowAsync(request, cancellationToken)),
            method("DELETE", static (handlers, request, cancellationToken) => handlers.Administration.Buckets.DeleteAsync(request, cancellationToken)));
    }
}
