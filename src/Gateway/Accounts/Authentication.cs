namespace Lockstep.Gateway.Accounts;

/// <summary>Finds out who sends a request, by the schemes that a protocol accepts.</summary>
public static class Authentication
{
    /// <returns>Anonymous without a header; refused when no scheme accepts it.</returns>
    public static ValueTask<SignIn> SignInAsync(
        this IReadOnlyList<IAuthenticationScheme> schemes, SignInRequest request, CancellationToken cancellationToken)
    {
        if (string.IsNullOrEmpty(request.Authorization))
        {
            return ValueTask.FromResult(SignIn.Anonymous);
        }

        var word = request.Authorization.AsSpan().TrimStart();
        var end = word.IndexOf(' ');
        word = end < 0 ? word : word[..end];
        for (var i = 0; i < schemes.Count; i++)
        {
            if (word.Equals(schemes[i].Name, StringComparison.OrdinalIgnoreCase))
            {
                var signIn = schemes[i].SignInAsync(request, cancellationToken);
                return i + 1 == schemes.Count ? signIn : OrNextAsync(signIn, schemes, i, request, cancellationToken);
            }
        }

        return ValueTask.FromResult(SignIn.Refused);
    }

    /// <summary>Several schemes can share a word. They are asked in order until one recognises the credentials.</summary>
    private static async ValueTask<SignIn> OrNextAsync(
        ValueTask<SignIn> first, IReadOnlyList<IAuthenticationScheme> schemes, int index, SignInRequest request, CancellationToken cancellationToken)
    {
        var (signIn, name) = (await first, schemes[index].Name);
        while (signIn.Status == SignInStatus.Refused && ++index < schemes.Count)
        {
            if (string.Equals(name, schemes[index].Name, StringComparison.OrdinalIgnoreCase))
            {
                signIn = await schemes[index].SignInAsync(request, cancellationToken);
            }
        }

        return signIn;
    }
}
