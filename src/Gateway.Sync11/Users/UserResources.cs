using Lockstep.Gateway.Pipeline;
using Lockstep.Gateway.Routing;

namespace Lockstep.Gateway.Sync11.Users;

/// <summary>All resources of the user API, in one list. A trailing slash makes no difference.</summary>
internal static class UserResources
{
    public static ResourceTable<UserHandler> Table { get; } = new(All().SelectMany(static resource => new[] { resource, new Resource<UserHandler>(resource.Template.Text + "/", resource.Methods) }));

    private static IEnumerable<Resource<UserHandler>> All() =>
    [
        new("/{username}",
            new("GET", Access.Anonymous, BodyKind.None, static (users, request, cancellationToken) => users.Accounts.ExistsAsync(request, cancellationToken)),
            new("PUT", Access.Anonymous, BodyKind.Whole, static (users, request, cancellationToken) => users.Accounts.CreateAsync(request, cancellationToken)),
            new("DELETE", Access.SignedIn, BodyKind.None, static (users, request, cancellationToken) => users.Accounts.DeleteAsync(request, cancellationToken))),
        new("/{username}/node/weave",
            new ResourceMethod<UserHandler>("GET", Access.Anonymous, BodyKind.None, static (users, request, cancellationToken) => users.Accounts.NodeAsync(request, cancellationToken))),
        new("/{username}/email",
            new ResourceMethod<UserHandler>("POST", Access.SignedIn, BodyKind.Whole, static (users, request, cancellationToken) => users.Accounts.ChangeAddressAsync(request, cancellationToken))),

        // Open to everybody, since a mailed code can replace the password.
        new("/{username}/password",
            new ResourceMethod<UserHandler>("POST", Access.Anonymous, BodyKind.Whole, static (users, request, cancellationToken) => users.Passwords.ChangeAsync(request, cancellationToken))),
        new("/{username}/password_reset",
            new("GET", Access.Anonymous, BodyKind.None, static (users, request, cancellationToken) => users.Passwords.MailCodeAsync(request, cancellationToken)),
            new("DELETE", Access.SignedIn, BodyKind.None, static (users, request, cancellationToken) => users.Passwords.ForgetCodeAsync(request, cancellationToken))),
    ];
}
