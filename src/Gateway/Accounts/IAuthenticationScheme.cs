namespace Lockstep.Gateway.Accounts;

/// <summary>Recognises a user by the <c>Authorization</c> header.</summary>
public interface IAuthenticationScheme
{
    /// <summary>The header's first word, such as <c>Basic</c>. Case-insensitive.</summary>
    string Name { get; }

    /// <param name="request">Its header begins with the scheme's name.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    ValueTask<SignIn> SignInAsync(SignInRequest request, CancellationToken cancellationToken);
}
