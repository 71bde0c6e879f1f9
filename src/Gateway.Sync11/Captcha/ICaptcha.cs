namespace Lockstep.Gateway.Sync11.Captcha;

/// <summary>
/// A question that clients show to whoever makes an account. They show a page, take from it what the elements <c>recaptcha_challenge_field</c> and
/// <c>recaptcha_response_field</c> have as their values, and send both along. A server that registers one of its own before Sync 1.1 is added asks that instead.
/// </summary>
public interface ICaptcha
{
    /// <summary>A new question.</summary>
    /// <param name="acceptLanguage">The header, by which its language is chosen.</param>
    CaptchaQuestion Ask(string acceptLanguage);

    /// <summary>Takes an answer. Each question is answered once.</summary>
    /// <param name="challenge">As the question had it.</param>
    /// <param name="response">What was typed.</param>
    /// <returns>Whether it is right.</returns>
    ValueTask<bool> TakeAsync(string challenge, string response);
}
