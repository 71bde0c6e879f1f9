namespace Lockstep.Gateway.Accounts;

/// <summary>A way to tell who asks from the <c>Authorization</c> header.</summary>
public interface IAuthenticationScheme
{
    /// <summary>The header's first word: <c>Basic</c>. Its case does not count.</summary>
    string Name { get; }

    /// <param name="request">Its header begins with the scheme's name.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    ValueTask<SignIn> SignInAsync(SignInRequest request, CancellationToken cancellationToken);
}
